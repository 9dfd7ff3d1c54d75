"""The welcome screen and the first window of the sign-in by phone; both are the same form."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.sign_in import by_password
from domain.values.phones import show_phone
from routes.forms import FilledForm, Form, Phone
from routes.kept_pages import SAME_FOR_VISITORS
from routes.page import Page, ThisPage
from routes.sign_in import ADDRESSES, login, tabs
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = ADDRESSES.path_of("phone"), "sign_in.phone", "sign_in/phone"


class PhoneForm(Form):
    phone: Phone = ""


@get("/", name="welcome", opt=SAME_FOR_VISITORS)
async def show_welcome(page: ThisPage) -> Response[Any]:
    """The first tab's form."""
    if page.session is None and "account" not in page.settings.tracks:
        return login.answer(page, FilledForm(login.PATH), 200)
    return _show(page)


@get(PATH, name=NAME, opt=SAME_FOR_VISITORS)
async def show(page: ThisPage) -> Response[Any]:
    return _show(page)


def _show(page: Page) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    phone = ADDRESSES.progress(page).phone
    typed = {"phone": show_phone(phone)} if phone else {}
    return page.show(FRAGMENT, form=FilledForm(PATH, typed), tabs=tabs(page, "phone"))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(PhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form, tabs=tabs(page, "phone"))
    return await ADDRESSES.answer(page, await by_password.give_phone(page.scope, form.data.phone), "phone")


check = field_check(PATH, NAME, FRAGMENT, PhoneForm, ["phone"])
handlers = [show_welcome, show, submit, check]
