"""Step 1: the phone, and the consent without which nothing is done with it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused
from domain.registration import by_account
from domain.registration.progress import registration_of
from domain.values.phones import show_phone
from routes.field_check import field_check
from routes.forms import Consent, Filled, Form, Phone
from routes.legal import CONSENT
from routes.page import ThisPage
from routes.registration.account import FOLDER, path_of, place, where, wrong_step

PATH, NAME, FRAGMENT = path_of("phone"), "registration.account.phone", f"{FOLDER}/phone"


class PhoneForm(Form):
    phone: Phone = ""
    consent: Consent = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := wrong_step(page, "phone"):
        return elsewhere
    known = registration_of(page.session)
    typed = {"phone": show_phone(known.phone), "consent": "yes"} if known.phone else {}
    lost = page.request.query_params.get("session") == "lost"
    return page.show(FRAGMENT, form=Filled(PATH, typed), place=place("phone"), lost=lost)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form, place=place("phone"), lost=False)
    outcome = await by_account.give_phone(page.scope, form.data.phone, CONSENT)
    if isinstance(outcome, Refused):
        return page.refuse(FRAGMENT, form.refuse(outcome), place=place("phone"), lost=False)
    return page.redirect(where(registration_of(outcome)), outcome)


check = field_check(PATH, NAME, FRAGMENT, PhoneForm, ["phone"])
handlers = [show, submit, check]
