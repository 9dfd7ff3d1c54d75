"""A new phone: the number, and the code sent to it."""

from __future__ import annotations

from typing import Any

from litestar import Response

from domain.profile import phone_change
from domain.profile.phone_change import PHONE_CHANGE
from domain.proofs import one_time_codes
from domain.refusals import Refused
from domain.sessions import Session
from routes.forms import Form, Phone
from routes.journeys import Addresses, Outcome
from routes.notices import Notice
from routes.page import Page
from routes.profile.security import BASE, FOLDER
from routes.steps.code import CodeStep, SentCode, code_handlers
from routes.steps.form import Done, FormStep, form_handlers

PATH, NAME = f"{BASE}/phone", "profile.security.phone"
ADDRESSES = Addresses(PHONE_CHANGE, PATH, BASE, first=PATH)


class NewPhoneForm(Form):
    phone: Phone = ""


async def _send(page: Page, form: NewPhoneForm) -> Outcome | Refused | Done:
    return await phone_change.begin(page.scope, form.phone)


async def _sent_code(page: Page) -> SentCode:
    """A change begun too long ago, or before the password or the phone changed, says so."""
    change = ADDRESSES.progress(page).phone
    assert change is not None
    assert page.session is not None
    next_at = await one_time_codes.next_at(page.scope, phone_change.PURPOSE, change.number)
    typable = await one_time_codes.is_under_way(page.scope, phone_change.PURPOSE, change.number)
    may_call = await one_time_codes.may_call(page.scope, phone_change.PURPOSE, change.number)
    return SentCode(change.number, next_at, typable, may_call, expired=not change.holds(page.session, page.scope.now))


def _confirmed(page: Page, session: Session) -> Response[Any]:
    return page.redirect(BASE, session, notice=Notice.PHONE_SAVED)


handlers = [
    *form_handlers(
        FormStep(
            addresses=ADDRESSES,
            slug="phone",
            name=NAME,
            fragment=f"{FOLDER}/phone",
            form=NewPhoneForm,
            send=_send,
            checked=["phone"],
        )
    ),
    *code_handlers(
        CodeStep(
            addresses=ADDRESSES,
            name=f"{NAME}.code",
            fragment=f"{FOLDER}/phone-code",
            sent_code=_sent_code,
            confirm=phone_change.confirm,
            send_another=phone_change.send_another_code,
            confirmed=_confirmed,
        )
    ),
]
