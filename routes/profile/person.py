"""«Профиль»: who the customer is, each thing with its state."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from routes.forms import FilledForm
from routes.page import Page, ThisPage
from routes.profile import person_of
from routes.profile.email_state import send_another_email

PATH, NAME, FRAGMENT = "/profile/person", "profile.person", "profile/person"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    return await send_another_email(page, PATH, _answer)


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    person = await person_of(page)
    if person is None:
        return await page.redirect_to_sign_in()
    return page.show(FRAGMENT, status=status, form=form, person=person)


handlers = [show, submit]
