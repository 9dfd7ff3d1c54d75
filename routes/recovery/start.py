"""«Я забыл пароль»: from the password window at once; from a login by the number bound to it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import recovery, sign_in
from domain.phones import show_phone
from domain.refusals import Refused
from routes.forms import Filled, Form, Login, Phone
from routes.page import ThisPage
from routes.recovery import BASE, SIGN_IN_BY_LOGIN, where
from routes.sign_in import password as password_window

NAME, FRAGMENT = "recovery.phone", "recovery/phone"


class LoginForm(Form):
    login: Login = ""


class BoundPhoneForm(Form):
    login: Login = ""
    phone: Phone = ""


@post(BASE, name="recovery.start")
async def start(page: ThisPage) -> Response[Any]:
    """For the number that the password window is open for."""
    phone = sign_in.phone_given(page.visit)
    if page.customer is not None or not phone:
        return page.lead_to("/profile" if page.customer is not None else where(page))
    outcome = await recovery.begin(page.portal, page.caller, phone, page.now)
    if isinstance(outcome, Refused):
        refused = Refused(outcome.code, "password", outcome.at)
        return password_window.answer(page, Filled(password_window.PATH).refuse(refused), 422)
    return page.lead_to(f"{BASE}/code", outcome)


@get([BASE, f"{BASE}/phone"], name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    """Without a login there is nothing to ask a number for."""
    return page.lead_to("/profile" if page.customer is not None else where(page))


@post(f"{BASE}/login", name="recovery.login")
async def ask_for_phone(page: ThisPage) -> Response[Any]:
    """For a login: which number is bound to it?"""
    form = await page.read(LoginForm)
    if form.data is None:
        form.path = SIGN_IN_BY_LOGIN
        return page.refuse("sign_in/login", form, note="", tabs=page.tabs("login"))
    return page.show(FRAGMENT, form=Filled(f"{BASE}/phone", {"login": form.data.login}))


@post(f"{BASE}/phone", name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(BoundPhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    outcome = await recovery.begin(
        page.portal, page.caller, form.data.phone, page.now, login=sign_in.fold_login(form.data.login)
    )
    if isinstance(outcome, Refused):
        form.typed["phone"] = show_phone(form.data.phone)
        return page.refuse(FRAGMENT, form.refuse(outcome))
    return page.lead_to(f"{BASE}/code", outcome)


handlers = [start, show, ask_for_phone, submit]
