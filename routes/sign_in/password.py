"""The second window of the sign-in by phone. It opens for every well-formed number, a customer's or not."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.sessions import Session
from domain.sign_in import by_password
from routes.forms import Choice, FilledForm, Form, Password
from routes.legal import consent_text
from routes.page import Page, ThisPage
from routes.sign_in import ADDRESSES

PATH, NAME, FRAGMENT = ADDRESSES.path_of("password"), "sign_in.password", "sign_in/password"


class SignInForm(Form):
    password: Password = ""
    remember: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await ADDRESSES.guard(page, "password") or answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "password"):
        return redirect
    form = await page.read(SignInForm)
    if form.data is None:
        return answer(page, form, 422)
    phone = ADDRESSES.progress(page).phone
    assert phone is not None
    consent, remembered = consent_text(page.templates).sha256, bool(form.data.remember)
    outcome = await by_password.by_phone(page.scope, phone, form.data.password, consent=consent, remembered=remembered)
    if isinstance(outcome, Session):
        return page.redirect_after_sign_in(outcome)
    return answer(page, form.refuse(outcome), 422)


def answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    return page.show(FRAGMENT, status=status, form=form, phone=ADDRESSES.progress(page).phone)


handlers = [show, submit]
