"""«Я забыл пароль»: from the password window the code is sent at once; for a login its number is asked for first."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused, WrongStep
from domain.sign_in import recovery
from routes.forms import FilledForm, Form, Login
from routes.page import ThisPage
from routes.recovery import ADDRESSES, SIGN_IN_BY_LOGIN
from routes.sign_in import ADDRESSES as SIGN_IN_ADDRESSES
from routes.sign_in import password as password_window
from routes.sign_in import tabs

BASE = ADDRESSES.base


class LoginForm(Form):
    login: Login = ""


@post(BASE, name="recovery.start")
async def start(page: ThisPage) -> Response[Any]:
    """For the number that was typed before the password window."""
    if redirect := page.redirect_if_signed_in():
        return redirect
    phone = SIGN_IN_ADDRESSES.progress(page).phone
    if phone is None:
        return await ADDRESSES.answer(page, WrongStep(), "phone")
    outcome = await recovery.begin(page.scope, phone)
    if isinstance(outcome, Refused):
        refused = Refused(outcome.code, "forgot", outcome.at)
        return password_window.answer(page, FilledForm(password_window.PATH).refuse(refused), 422)
    return await ADDRESSES.answer(page, outcome, "phone")


@post(f"{BASE}/login", name="recovery.login")
async def give_login(page: ThisPage) -> Response[Any]:
    """For a login: the number bound to it is asked for next."""
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(LoginForm)
    if form.data is None:
        form.path = SIGN_IN_BY_LOGIN
        return page.refuse("sign_in/login", form, tabs=tabs(page, "login"))
    return await ADDRESSES.answer(page, await recovery.give_login(page.scope, form.data.login), "phone")


@get([BASE, f"{BASE}/login"], name="recovery.start.show")
async def show_start(page: ThisPage) -> Response[Any]:
    """For a reload of an address that a refused form has left in the address bar."""
    return page.redirect_if_signed_in() or await ADDRESSES.answer(page, WrongStep(), "phone")


handlers = [start, show_start, give_login]
