"""The second window of the sign-in by phone. It opens for every well-formed number, known or not."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.sessions import Session
from domain.sign_in import by_password
from routes.forms import Choice, Filled, Form, Password
from routes.page import Page, ThisPage

PATH, NAME, FRAGMENT = "/sign-in/password", "sign_in.password", "sign_in/password"


class SignInForm(Form):
    password: Password = ""
    remember: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return _elsewhere(page) or answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := _elsewhere(page):
        return elsewhere
    form = await page.read(SignInForm)
    if form.data is None:
        return answer(page, form, 422)
    phone = by_password.phone_given(page.session)
    outcome = await by_password.by_phone(page.scope, phone, form.data.password, remembered=bool(form.data.remember))
    if isinstance(outcome, Session):
        return page.redirect_after_sign_in(outcome)
    return answer(page, form.refuse(outcome), 422)


def _elsewhere(page: Page) -> Response[Any] | None:
    if home := page.home():
        return home
    if not by_password.phone_given(page.session):
        return page.redirect("/sign-in/phone?session=lost" if page.lost else "/sign-in/phone")
    return None


def answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    """The window; its note says what has led here."""
    return page.show(FRAGMENT, status=status, form=form, phone=by_password.phone_given(page.session), note=page.note())


handlers = [show, submit]
