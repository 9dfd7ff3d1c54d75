"""The link of the confirmation e-mail opens a page with a button, because mail scanners open links."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.proofs import email_confirmation
from routes import links
from routes.own_path import TOKEN
from routes.page import Page, ThisPage

PATH, NAME = "/email/confirmation", "email.confirmation"
LINK_PATH = f"{PATH}{TOKEN}"


@get(LINK_PATH, name=f"{NAME}.link")
async def open_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    if await email_confirmation.look_at(page.scope, token) is None:
        return _answer(page, token, None)
    return links.move_token_to_cookie(page, PATH, token)


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    token = links.token_of(page, PATH)
    return _answer(page, token, await email_confirmation.look_at(page.scope, token))


@post(PATH, name=f"{NAME}.submit", status_code=200)
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(links.LinkForm)
    return await _confirm(page, links.token_of(page, PATH, form.typed["link"]))


@post(LINK_PATH, name=f"{NAME}.link.submit", status_code=200)
async def submit_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return await _confirm(page, token)


async def _confirm(page: Page, token: str) -> Response[Any]:
    return _answer(page, token, await email_confirmation.confirm(page.scope, token))


def _answer(page: Page, token: str, address: email_confirmation.LinkedAddress | None) -> Response[Any]:
    if address is None:
        return page.show("email/link-invalid", status=410)
    if address.confirmed:
        return page.show("email/confirmed", email=address.email)
    return page.show("email/confirmation", email=address.email, link=links.seal(page, PATH, token))


handlers = [open_link, show, submit, submit_link]
