"""For a login: the number bound to it, to which the code is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.refusals import Refused, WrongStep
from domain.sign_in import recovery
from routes.forms import Form, Phone
from routes.journeys import Outcome
from routes.page import Page
from routes.recovery import ADDRESSES
from routes.steps.form import FormStep, form_handlers


class BoundPhoneForm(Form):
    phone: Phone = ""


async def _send(page: Page, form: BoundPhoneForm) -> Outcome | Refused:
    login = ADDRESSES.progress(page).login
    return WrongStep() if login is None else await recovery.begin(page.scope, form.phone, login=login)


def _shown(page: Page) -> Mapping[str, Any]:
    return {"login": ADDRESSES.progress(page).login}


handlers = form_handlers(
    FormStep(
        addresses=ADDRESSES,
        slug="phone",
        name="recovery.phone",
        fragment="recovery/phone",
        form=BoundPhoneForm,
        send=_send,
        shown=_shown,
        checked=("phone",),
    )
)
