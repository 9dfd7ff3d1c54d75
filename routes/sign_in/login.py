"""Sign-in by login and password, for the customers of the card track."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.sessions import Session
from domain.sign_in import by_password
from routes.forms import FilledForm, Form, Login, Password
from routes.kept_pages import SAME_FOR_VISITORS
from routes.legal import consent_text
from routes.page import Page, ThisPage
from routes.sign_in import tabs

PATH, NAME, FRAGMENT = "/sign-in/login", "sign_in.login", "sign_in/login"


class LoginForm(Form):
    login: Login = ""
    password: Password = ""


@get(PATH, name=NAME, opt=SAME_FOR_VISITORS)
async def show(page: ThisPage) -> Response[Any]:
    return page.redirect_if_signed_in() or answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(LoginForm)
    if form.data is None:
        return answer(page, form, 422)
    login, password, consent = form.data.login, form.data.password, consent_text(page.templates).sha256
    outcome = await by_password.by_login(page.scope, login, password, consent=consent)
    if isinstance(outcome, Session):
        return page.redirect_after_sign_in(outcome)
    return answer(page, form.refuse(outcome), 422)


def answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    return page.show(FRAGMENT, status=status, form=form, tabs=tabs(page, "login"))


handlers = [show, submit]
