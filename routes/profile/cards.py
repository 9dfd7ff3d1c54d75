"""«Карты», and «Добавить карту»: card and bound e-mail, then the link from the e-mail, then the button behind it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.profile import card_addition
from domain.profile.card_addition import CARD_ADDITION, LinkedCard
from domain.profile.overview import cards_of
from domain.refusals import Refused
from routes import links
from routes.forms import CardNumber, FilledForm, Form, NamedEmail
from routes.journeys import Addresses, Outcome
from routes.notices import Notice
from routes.own_path import TOKEN
from routes.page import Page, ThisPage
from routes.profile import overview
from routes.steps.form import Done, FormStep, form_handlers

PATH, FRAGMENT = "/profile/cards/new", "profile/card"
LINK_PATH, LINK_NAME = card_addition.PATH, "profile.cards.confirmation"
LINK_TOKEN_PATH = f"{LINK_PATH}{TOKEN}"


@get("/profile/cards", name="profile.cards")
async def show(page: ThisPage) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    return page.show("profile/cards", cards=await cards_of(page.scope, page.customer))


class NewCardForm(Form):
    card_number: CardNumber = ""
    email: NamedEmail = ""


async def _send(page: Page, form: NewCardForm) -> Outcome | Refused | list[Refused] | Done:
    outcome = await card_addition.ask_for_link(page.scope, form.card_number, form.email)
    return outcome or Done(overview.PATH, Notice.CARD_LINK_SENT)


@get(LINK_TOKEN_PATH, name=f"{LINK_NAME}.link")
async def open_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    if not await card_addition.link_is_valid(page.scope, token):
        return _answer(page, token, None)
    redirect = await page.redirect_to_sign_in(LINK_PATH) if page.customer is None else None
    return links.move_token_to_cookie(page, LINK_PATH, token, redirect)


@get(LINK_PATH, name=LINK_NAME)
async def show_link(page: ThisPage) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    token = links.token_of(page, LINK_PATH)
    return _answer(page, token, await card_addition.look_at(page.scope, page.customer, token))


@post(LINK_PATH, name=f"{LINK_NAME}.submit")
async def add(page: ThisPage) -> Response[Any]:
    form = await page.read(links.LinkForm)
    return await _add(page, links.token_of(page, LINK_PATH, form.typed["link"]))


@post(LINK_TOKEN_PATH, name=f"{LINK_NAME}.link.submit")
async def add_by_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return await _add(page, token)


async def _add(page: Page, token: str) -> Response[Any]:
    if page.customer is None:
        redirect = await page.redirect_to_sign_in(LINK_PATH)
        valid = await card_addition.link_is_valid(page.scope, token)
        return links.move_token_to_cookie(page, LINK_PATH, token, redirect) if valid else redirect
    linked = await card_addition.add(page.scope, page.customer, token)
    if isinstance(linked, LinkedCard) and linked.theirs:
        return page.redirect(overview.PATH, notice=Notice.CARD_ADDED)
    return _answer(page, token, linked)


def _answer(page: Page, token: str, linked: LinkedCard | Refused | None) -> Response[Any]:
    if isinstance(linked, Refused):
        return page.refuse(FRAGMENT, FilledForm(PATH).refuse(linked))
    if linked is None or not linked.theirs:
        return page.show("email/link-invalid", status=410)
    link = links.seal(page, LINK_PATH, token)
    return page.show("profile/card-confirmation", last_four=linked.last_four, link=link)


handlers = [
    show,
    *form_handlers(
        FormStep(
            addresses=Addresses(CARD_ADDITION, PATH, PATH, first=PATH),
            slug="card",
            name="profile.cards.new",
            fragment=FRAGMENT,
            form=NewCardForm,
            send=_send,
            checked=["card_number", "email"],
        )
    ),
    open_link,
    show_link,
    add,
    add_by_link,
]
