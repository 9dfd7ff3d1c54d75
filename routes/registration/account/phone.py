"""Step 1: the phone, and the consent without which nothing is done with it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused
from domain.registration import by_account
from domain.registration.progress import REGISTRATION
from domain.values.phones import show_phone
from routes.forms import Consent, Filled, Form, Phone
from routes.legal import CONSENT
from routes.page import Page, ThisPage
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = ADDRESSES.path_of("phone"), "registration.account.phone", f"{FOLDER}/phone"


class PhoneForm(Form):
    phone: Phone = ""
    consent: Consent = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := await ADDRESSES.elsewhere(page, "phone"):
        return elsewhere
    known = ADDRESSES.known(page)
    typed = {"phone": show_phone(known.number), "consent": "yes"} if known.phone else {}
    return _answer(page, Filled(PATH, typed), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PhoneForm)
    if form.data is None:
        return _answer(page, form, 422)
    outcome = await by_account.give_phone(page.scope, form.data.phone, CONSENT)
    if isinstance(outcome, Refused):
        return _answer(page, form.refuse(outcome), 422)
    return await ADDRESSES.answer(page, outcome, "phone")


def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    return page.show(FRAGMENT, status=status, form=form, place=REGISTRATION.place("phone"))


check = field_check(PATH, NAME, FRAGMENT, PhoneForm, ["phone"])
handlers = [show, submit, check]
