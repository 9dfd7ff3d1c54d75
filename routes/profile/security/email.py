"""A new e-mail: it replaces the former one once its link has been pressed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import email_confirmation
from domain.refusals import ProofNeeded, Refused, SessionExpired
from routes.field_check import field_check
from routes.forms import Email, Filled, Form
from routes.page import ThisPage
from routes.profile.security import BASE, FOLDER, ask_for_password, guard

PATH, NAME, FRAGMENT = f"{BASE}/email", "profile.security.email", f"{FOLDER}/email"


class NewEmailForm(Form):
    email: Email = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await guard(page, PATH) or page.show(FRAGMENT, form=Filled(PATH))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := await guard(page, PATH):
        return elsewhere
    form = await page.read(NewEmailForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    outcome = await email_confirmation.begin_change(page.scope, form.data.email)
    match outcome:
        case None:
            return page.redirect(f"{BASE}?email=sent")
        case Refused():
            return page.refuse(FRAGMENT, form.refuse(outcome))
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case ProofNeeded():
            return await ask_for_password(page, PATH)


check = field_check(PATH, NAME, FRAGMENT, NewEmailForm, ["email"])
handlers = [show, submit, check]
