"""Step two, behind the link of the e-mail: the phone bound to the card. A GET does not use the link up."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.proofs import captcha
from domain.proofs.captcha import CaptchaAnswer
from domain.refusals import HolderRegistered, LoginTaken, Refused
from domain.registration import by_card
from domain.registration.by_card import LinkVoid
from domain.registration.progress import KnownPhone
from routes import links
from routes.captcha import count_try, replaces_picture, show_with_picture
from routes.forms import Captcha, FilledForm, Phone, Sealed
from routes.own_path import TOKEN
from routes.page import Page, ThisPage
from routes.registration.card import BASE, FOLDER
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = by_card.PATH, "registration.card.phone", f"{FOLDER}/phone"
LINK_PATH = f"{PATH}{TOKEN}"


class BoundPhoneForm(links.LinkForm):
    phone: Phone = ""
    captcha: Captcha = ""
    picture: Sealed = ""
    instead: Sealed = ""


@get(LINK_PATH, name=f"{NAME}.link")
async def open_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    if not await by_card.link_is_valid(page.scope, token):
        return _void(page)
    return links.move_token_to_cookie(page, PATH, token)


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    token = links.token_of(page, PATH)
    if not await by_card.link_is_valid(page.scope, token):
        return _void(page)
    captcha.replace(page.scope, page.request.query_params.get("instead", ""))
    return _answer(page, token, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(BoundPhoneForm)
    return await _give_phone(page, links.token_of(page, PATH, form.typed["link"]), form)


@post(LINK_PATH, name=f"{NAME}.link.submit")
async def submit_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return await _give_phone(page, token, await page.read(BoundPhoneForm))


async def _give_phone(page: Page, token: str, form: FilledForm[BoundPhoneForm]) -> Response[Any]:
    replaced = replaces_picture(page, form)
    if replaced or form.data is None:
        valid = await by_card.link_is_valid(page.scope, token)
        return _answer(page, token, form, 200 if replaced else 422) if valid else _void(page)
    count_try(page)
    answer = CaptchaAnswer(form.data.picture, form.data.captcha)
    outcome = await by_card.give_phone(page.scope, token, form.data.phone, answer)
    match outcome:
        case None:
            return page.redirect(f"{BASE}/done")
        case Refused():
            return _answer(page, token, form.refuse(outcome), 422)
        case LinkVoid():
            return _void(page)
        case HolderRegistered():
            return page.redirect(f"{BASE}/registered")
        case LoginTaken():
            return page.redirect(f"{BASE}/login-taken")
        case KnownPhone():
            return page.redirect(f"{BASE}/known")


@get(f"{BASE}/done", name="registration.card.done")
async def show_done(page: ThisPage) -> Response[Any]:
    return page.show(f"{FOLDER}/done", good_for=page.settings.sms_password_lifetime)


@get(f"{BASE}/known", name="registration.card.known")
async def show_known(page: ThisPage) -> Response[Any]:
    """The phone is a customer's already, who can sign in and add the card to the profile."""
    return page.show(f"{FOLDER}/known")


def _void(page: Page) -> Response[Any]:
    return page.show(f"{FOLDER}/link-invalid", status=410)


def _answer(page: Page, token: str, form: FilledForm[Any], status: int) -> Response[Any]:
    return show_with_picture(page, FRAGMENT, form, status, link=links.seal(page, PATH, token))


check = field_check(PATH, NAME, FRAGMENT, BoundPhoneForm, ["phone"])
handlers = [open_link, show, submit, submit_link, show_done, show_known, check]
