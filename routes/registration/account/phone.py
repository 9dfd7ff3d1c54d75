"""The phone, and the consent to process personal data, which is required."""

from __future__ import annotations

from collections.abc import Mapping

from domain.proofs.captcha import CaptchaAnswer
from domain.refusals import Refused
from domain.registration import by_account
from domain.values.phones import show_phone
from routes.captcha import count_try
from routes.forms import CaptchaIfAsked, Consent, Form, Phone, Sealed
from routes.journeys import Outcome
from routes.legal import consent_text
from routes.page import Page
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.form import FormStep, form_handlers


class PhoneForm(Form):
    phone: Phone = ""
    consent: Consent = ""
    captcha: CaptchaIfAsked = ""
    picture: Sealed = ""
    instead: Sealed = ""


def _typed(page: Page) -> Mapping[str, str]:
    progress = ADDRESSES.progress(page)
    return {"phone": show_phone(progress.number), "consent": "yes"} if progress.phone else {}


async def _send(page: Page, form: PhoneForm) -> Outcome | Refused:
    if form.captcha:
        count_try(page)
    answer = CaptchaAnswer(form.picture, form.captcha)
    return await by_account.give_phone(page.scope, form.phone, consent_text(page.templates), answer)


handlers = form_handlers(
    FormStep(
        addresses=ADDRESSES,
        slug="phone",
        name="registration.account.phone",
        fragment=f"{FOLDER}/phone",
        form=PhoneForm,
        send=_send,
        typed=_typed,
        checked=["phone"],
        same_for_visitors=True,
        may_ask_for_picture=True,
    )
)
