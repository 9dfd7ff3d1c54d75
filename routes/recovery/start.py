"""«Я забыл пароль»: from the password window at once; from a login by the number bound to it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused, WrongStep
from domain.sign_in import recovery
from routes.forms import FilledForm, Form, Login, Phone
from routes.page import Page, ThisPage
from routes.recovery import ADDRESSES, SIGN_IN_BY_LOGIN
from routes.sign_in import ADDRESSES as SIGN_IN_ADDRESSES
from routes.sign_in import password as password_window
from routes.sign_in import tabs

BASE = ADDRESSES.base
PATH, NAME, FRAGMENT = ADDRESSES.path_of("phone"), "recovery.phone", "recovery/phone"


class LoginForm(Form):
    login: Login = ""


class BoundPhoneForm(Form):
    phone: Phone = ""


@post(BASE, name="recovery.start")
async def start(page: ThisPage) -> Response[Any]:
    """For the number that the password window is open for."""
    if redirect := page.redirect_if_signed_in():
        return redirect
    phone = SIGN_IN_ADDRESSES.progress(page).phone
    if phone is None:
        return await ADDRESSES.answer(page, WrongStep(), "phone")
    outcome = await recovery.begin(page.scope, phone)
    if isinstance(outcome, Refused):
        refused = Refused(outcome.code, "password", outcome.at)
        return password_window.answer(page, FilledForm(password_window.PATH).refuse(refused), 422)
    return await ADDRESSES.answer(page, outcome, "phone")


@post(f"{BASE}/login", name="recovery.login")
async def give_login(page: ThisPage) -> Response[Any]:
    """For a login: on to the number bound to it."""
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(LoginForm)
    if form.data is None:
        form.path = SIGN_IN_BY_LOGIN
        return page.refuse("sign_in/login", form, tabs=tabs(page, "login"))
    return await ADDRESSES.answer(page, await recovery.give_login(page.scope, form.data.login), "phone")


@get([BASE, f"{BASE}/login"], name="recovery.start.show")
async def show_start(page: ThisPage) -> Response[Any]:
    """Where a refusal without JavaScript leaves the address bar."""
    return page.redirect_if_signed_in() or await ADDRESSES.answer(page, WrongStep(), "phone")


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(BoundPhoneForm)
    login = ADDRESSES.progress(page).login
    if form.data is None or login is None:
        return await _answer(page, form, 422)
    if redirect := page.redirect_if_signed_in():
        return redirect
    outcome = await recovery.begin(page.scope, form.data.phone, login=login)
    if isinstance(outcome, Refused):
        return await _answer(page, form.refuse(outcome), 422)
    return await ADDRESSES.answer(page, outcome, "phone")


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "phone"):
        return redirect
    return page.show(FRAGMENT, status=status, form=form, login=ADDRESSES.progress(page).login)


handlers = [start, show_start, give_login, show, submit]
