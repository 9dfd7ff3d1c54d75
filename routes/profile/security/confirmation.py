"""The page that asks for the password again before a change."""

from __future__ import annotations

import re
from typing import Annotated, Any

from litestar import Response, get, post

from domain.refusals import SessionExpired
from domain.sessions import Session
from domain.sign_in import reauthentication
from routes.forms import FilledForm, Form, MaxLength, Password
from routes.own_path import LONGEST, own_path
from routes.page import Page, ThisPage
from routes.profile import person_of
from routes.profile.security import BASE, FOLDER, owner_of

PATH, NAME, FRAGMENT = f"{BASE}/confirmation", "profile.security.confirmation", f"{FOLDER}/confirmation"


class ConfirmationForm(Form):
    password: Password = ""
    next: Annotated[str, MaxLength(LONGEST)] = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH, {"next": page.request.query_params.get("next", "")}), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(ConfirmationForm)
    # No session may mean that the button was pressed twice: the first press has changed the session's id.
    if form.data is None or (page.session is not None and owner_of(page) is None):
        return await _answer(page, form, 422)
    outcome = await reauthentication.prove(page.scope, form.data.password)
    match outcome:
        case Session():
            return page.redirect(inside(form.data.next), outcome)
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case _:
            return await _answer(page, form.refuse(outcome), 422)


def inside(path: str) -> str:
    """`path` where it is a page of the profile, else the security page."""
    return own_path(path, BASE) if re.match(r"/profile(?:[/?]|$)", path) else BASE


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    person = await person_of(page)
    if person is None:
        return await page.redirect_to_sign_in()
    return page.show(FRAGMENT, status=status, form=form, phone=person.phone)


handlers = [show, submit]
