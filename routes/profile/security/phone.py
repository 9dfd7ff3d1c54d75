"""A new phone: the number, and the code sent to it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import phone_change
from domain.profile.phone_change import PHONE_CHANGE
from domain.proofs import one_time_codes
from domain.refusals import Refused
from domain.sessions import Session
from routes.forms import Filled, Form, Phone
from routes.journeys import Addresses
from routes.notices import Notice
from routes.page import Page, ThisPage
from routes.profile.security import BASE, FOLDER
from routes.steps.code import CodeStep, Window, code_handlers
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = f"{BASE}/phone", "profile.security.phone", f"{FOLDER}/phone"
ADDRESSES = Addresses(PHONE_CHANGE, PATH, BASE, first=PATH)


class NewPhoneForm(Form):
    phone: Phone = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await ADDRESSES.elsewhere(page, "phone") or page.show(FRAGMENT, form=Filled(PATH))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := await ADDRESSES.elsewhere(page, "phone"):
        return elsewhere
    form = await page.read(NewPhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    outcome = await phone_change.begin(page.scope, form.data.phone)
    if isinstance(outcome, Refused):
        return page.refuse(FRAGMENT, form.refuse(outcome))
    return await ADDRESSES.answer(page, outcome, "phone")


async def _window(page: Page) -> Window:
    """A change begun too long ago, or before the password or the phone changed, says so."""
    change = ADDRESSES.known(page).phone
    assert change is not None
    assert page.session is not None
    next_at = await one_time_codes.next_at(page.scope, phone_change.PURPOSE, change.number)
    return Window(change.number, next_at, expired=not change.holds(page.session, page.scope.now))


def _confirmed(page: Page, session: Session) -> Response[Any]:
    return page.redirect(BASE, session, notice=Notice.PHONE_SAVED)


check = field_check(PATH, NAME, FRAGMENT, NewPhoneForm, ["phone"])
handlers = [
    show,
    submit,
    check,
    *code_handlers(
        CodeStep(
            addresses=ADDRESSES,
            name=f"{NAME}.code",
            fragment=f"{FOLDER}/phone-code",
            window=_window,
            confirm=phone_change.confirm,
            send_another=phone_change.send_another_code,
            confirmed=_confirmed,
        )
    ),
]
