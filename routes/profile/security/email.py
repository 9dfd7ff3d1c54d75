"""A new e-mail: it replaces the former one when it is confirmed behind its link."""

from __future__ import annotations

from domain.proofs import email_confirmation
from domain.proofs.email_confirmation import EMAIL_CHANGE
from domain.refusals import Refused
from routes.forms import Form, NamedEmail
from routes.journeys import Addresses, Outcome
from routes.notices import Notice
from routes.page import Page
from routes.profile.security import BASE, FOLDER
from routes.steps.form import Done, FormStep, form_handlers

PATH = f"{BASE}/email"


class NewEmailForm(Form):
    email: NamedEmail = ""


async def _send(page: Page, form: NewEmailForm) -> Outcome | Refused | Done:
    outcome = await email_confirmation.begin_change(page.scope, form.email)
    return outcome or Done(BASE, Notice.EMAIL_LINK_SENT)


handlers = form_handlers(
    FormStep(
        addresses=Addresses(EMAIL_CHANGE, PATH, PATH, first=PATH),
        slug="email",
        name="profile.security.email",
        fragment=f"{FOLDER}/email",
        form=NewEmailForm,
        send=_send,
        checked=["email"],
    )
)
