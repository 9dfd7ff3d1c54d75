"""The link of the confirmation e-mail: a page with a button, because scanners open links."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain import email_confirmation
from routes.page import Page, ThisPage

PATH, NAME = "/email/confirmation/{token:str}", "email.confirmation"


@get(PATH, name=NAME)
async def show(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return _answer(page, await email_confirmation.look_at(page.portal, token, page.now))


@post(PATH, name=f"{NAME}.submit", status_code=200)
async def submit(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return _answer(page, await email_confirmation.confirm(page.portal, page.caller, token, page.now))


def _answer(page: Page, address: email_confirmation.LinkedAddress | None) -> Response[Any]:
    if address is None:
        return page.show("email/link-invalid", status=410)
    return page.show("email/confirmed" if address.confirmed else "email/confirmation", email=address.email)


handlers = [show, submit]
