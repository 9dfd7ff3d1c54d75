"""A new e-mail: it replaces the former one once its link has been pressed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import email_confirmation
from domain.refusals import Refused
from routes.field_check import field_check
from routes.forms import Email, Filled, Form
from routes.page import ThisPage
from routes.profile.security import BASE, FOLDER, guard

PATH, NAME, FRAGMENT = f"{BASE}/email", "profile.security.email", f"{FOLDER}/email"


class NewEmailForm(Form):
    email: Email = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await guard(page, PATH) or page.show(FRAGMENT, form=Filled(PATH))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := await guard(page, PATH, sending=True):
        return elsewhere
    assert page.customer is not None
    form = await page.read(NewEmailForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    refused = await email_confirmation.begin_change(page.portal, page.caller, page.customer, form.data.email, page.now)
    if isinstance(refused, Refused):
        return page.refuse(FRAGMENT, form.refuse(refused))
    return page.lead_to(f"{BASE}?email=sent")


check = field_check(PATH, NAME, FRAGMENT, NewEmailForm, ["email"])
handlers = [show, submit, check]
