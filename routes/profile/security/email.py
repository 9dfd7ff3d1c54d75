"""A new e-mail: it replaces the former one once its link has been pressed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import email_confirmation
from domain.proofs.email_confirmation import EMAIL_CHANGE
from domain.refusals import Refused
from routes.forms import Email, Filled, Form
from routes.journeys import Addresses
from routes.notices import Notice
from routes.page import ThisPage
from routes.profile.security import BASE, FOLDER
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = f"{BASE}/email", "profile.security.email", f"{FOLDER}/email"
ADDRESSES = Addresses(EMAIL_CHANGE, PATH, PATH, first=PATH)


class NewEmailForm(Form):
    email: Email = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await ADDRESSES.elsewhere(page, "email") or page.show(FRAGMENT, form=Filled(PATH))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := await ADDRESSES.elsewhere(page, "email"):
        return elsewhere
    form = await page.read(NewEmailForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    outcome = await email_confirmation.begin_change(page.scope, form.data.email)
    match outcome:
        case None:
            return page.redirect(BASE, notice=Notice.EMAIL_LINK_SENT)
        case Refused():
            return page.refuse(FRAGMENT, form.refuse(outcome))
        case _:
            return await ADDRESSES.answer(page, outcome, "email")


check = field_check(PATH, NAME, FRAGMENT, NewEmailForm, ["email"])
handlers = [show, submit, check]
