"""Step one: card number, the e-mail bound to it, the picture code."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import captcha
from domain.proofs.captcha import CaptchaAnswer
from domain.refusals import Code, HolderRegistered, LoginTaken, Refused
from domain.registration import by_card
from domain.values.card_numbers import has_check_digit
from routes.captcha import count_try, replaces_picture, show_with_picture
from routes.forms import Captcha, CardNumber, FilledForm, Form, NamedEmail, Sealed
from routes.page import Page, ThisPage
from routes.registration.card import BASE, FOLDER
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = f"{BASE}/card", "registration.card.card", f"{FOLDER}/card"


class CardNumberForm(Form):
    card_number: CardNumber = ""


class CardForm(Form):
    card_number: CardNumber = ""
    email: NamedEmail = ""
    captcha: Captcha = ""
    picture: Sealed = ""
    instead: Sealed = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    captcha.replace(page.scope, page.request.query_params.get("instead", ""))
    return _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(CardForm)
    if replaces_picture(page, form):
        return _answer(page, form, 200)
    if form.data is None:
        return _answer(page, form, 422)
    count_try(page)
    card = form.data
    outcome = await by_card.ask_for_link(
        page.scope, card.card_number, card.email, CaptchaAnswer(card.picture, card.captcha)
    )
    match outcome:
        case Refused() | list():
            return _answer(page, form.refuse(outcome), 422)
        case HolderRegistered():
            return page.redirect(f"{BASE}/registered")
        case LoginTaken():
            return page.redirect(f"{BASE}/login-taken")
        case None:
            return page.redirect(f"{BASE}/sent")


@get(f"{BASE}/sent", name="registration.card.sent")
async def show_sent(page: ThisPage) -> Response[Any]:
    return page.show(f"{FOLDER}/sent", good_for=page.settings.card_link_lifetime)


@get(f"{BASE}/registered", name="registration.card.registered")
async def show_registered(page: ThisPage) -> Response[Any]:
    return page.show(f"{FOLDER}/registered")


@get(f"{BASE}/login-taken", name="registration.card.login-taken")
async def show_login_taken(page: ThisPage) -> Response[Any]:
    return page.show(f"{FOLDER}/login-taken")


def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    return show_with_picture(page, FRAGMENT, form, status)


@post(f"{PATH}/fields/card_number", name=f"{NAME}.field.card-number", status_code=200)
async def check_card_number(page: ThisPage) -> Response[str]:
    """Validates the number's shape, and warns of a wrong check digit, which the submit accepts."""
    form = await page.read(CardNumberForm)
    form.path = PATH
    if not form.typed.get("card_number", "").strip():
        form.errors = {}
    elif form.data is not None and not has_check_digit(form.data.card_number):
        form.refuse(Refused(Code.CARD_DOUBTFUL, "card_number"))
    return page.show_field(FRAGMENT, form, "card_number")


check = field_check(PATH, NAME, FRAGMENT, CardForm, ["email"])
handlers = [show, submit, show_sent, show_registered, show_login_taken, check_card_number, check]
