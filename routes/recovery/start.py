"""«Я забыл пароль»: from the password window at once; from a login by the number bound to it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused
from domain.sign_in import by_password, recovery
from domain.sign_in.recovery import recovery_of
from routes.forms import Filled, Form, Login, Phone
from routes.page import ThisPage
from routes.recovery import BASE, SIGN_IN_BY_LOGIN, where
from routes.sign_in import password as password_window

PATH, NAME, FRAGMENT = f"{BASE}/phone", "recovery.phone", "recovery/phone"


class LoginForm(Form):
    login: Login = ""


class BoundPhoneForm(Form):
    phone: Phone = ""


@post(BASE, name="recovery.start")
async def start(page: ThisPage) -> Response[Any]:
    """For the number that the password window is open for."""
    phone = by_password.phone_given(page.session)
    if elsewhere := page.home() or (None if phone else page.redirect(where(page))):
        return elsewhere
    outcome = await recovery.begin(page.scope, phone)
    if isinstance(outcome, Refused):
        refused = Refused(outcome.code, "password", outcome.at)
        return password_window.answer(page, Filled(password_window.PATH).refuse(refused), 422)
    return page.redirect(f"{BASE}/code", outcome)


@post(f"{BASE}/login", name="recovery.login")
async def give_login(page: ThisPage) -> Response[Any]:
    """For a login: on to the number bound to it."""
    if home := page.home():
        return home
    form = await page.read(LoginForm)
    if form.data is None:
        form.path = SIGN_IN_BY_LOGIN
        return page.refuse("sign_in/login", form, note="", tabs=page.tabs("login"))
    session = await recovery.give_login(page.scope, form.data.login)
    return page.redirect(PATH, session)


@get([BASE, f"{BASE}/login"], name="recovery.start.show")
async def show_start(page: ThisPage) -> Response[Any]:
    """Where a refusal without JavaScript leaves the address bar."""
    return page.home() or page.redirect(where(page))


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    login = recovery_of(page.session).login
    if elsewhere := page.home() or (None if login else page.redirect(where(page))):
        return elsewhere
    return page.show(FRAGMENT, form=Filled(PATH), login=login)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    login = recovery_of(page.session).login
    if elsewhere := page.home() or (None if login else page.redirect(where(page))):
        return elsewhere
    form = await page.read(BoundPhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form, login=login)
    outcome = await recovery.begin(page.scope, form.data.phone, login=login)
    if isinstance(outcome, Refused):
        return page.refuse(FRAGMENT, form.refuse(outcome), login=login)
    return page.redirect(f"{BASE}/code", outcome)


handlers = [start, show_start, give_login, show, submit]
