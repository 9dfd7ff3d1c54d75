"""Step two, behind the link of the letter: the phone bound to the card. A GET spends nothing."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain import captcha, registration_by_card
from domain.refusals import HolderRegistered, KnownPhone, LoginTaken, Refused
from domain.registration_by_card import LinkVoid, Proof
from routes.forms import Captcha, Filled, Form, Phone
from routes.page import Page, ThisPage
from routes.registration.card import BASE, FOLDER

PATH, NAME, FRAGMENT = f"{registration_by_card.PATH}/{{token:str}}", "registration.card.phone", f"{FOLDER}/phone"


class BoundPhoneForm(Form):
    phone: Phone = ""
    captcha: Captcha = ""
    picture: str = ""


@get(PATH, name=NAME)
async def show(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    if not await registration_by_card.is_alive(token, page.now):
        return page.show(f"{FOLDER}/link-invalid", status=410)
    await captcha.forget(page.portal, page.request.query_params.get("instead", ""))
    return await _answer(page, Filled(page.request.url.path), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    form = await page.read(BoundPhoneForm)
    if form.data is None:
        if not await registration_by_card.is_alive(token, page.now):
            return page.show(f"{FOLDER}/link-invalid", status=410)
        return await _answer(page, form, 422)
    proof = Proof(form.data.picture, form.data.captcha)
    outcome = await registration_by_card.give_phone(page.portal, page.caller, token, form.data.phone, proof, page.now)
    match outcome:
        case None:
            return page.lead_to(f"{BASE}/done")
        case Refused():
            return await _answer(page, form.refuse(outcome), 422)
        case LinkVoid():
            return page.show(f"{FOLDER}/link-invalid", status=410)
        case HolderRegistered():
            return page.lead_to(f"{BASE}/registered")
        case LoginTaken():
            return page.lead_to(f"{BASE}/login-taken")
        case KnownPhone():
            return page.lead_to(f"{BASE}/known")


@get(f"{BASE}/done", name="registration.card.done")
async def show_done(page: ThisPage) -> Response[Any]:
    return page.show(f"{FOLDER}/done", good_for=page.portal.settings.sms_password_lifetime)


@get(f"{BASE}/known", name="registration.card.known")
async def show_known(page: ThisPage) -> Response[Any]:
    """The bound phone has a customer: sign in there and add the card."""
    return page.show(f"{FOLDER}/known")


async def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    form.typed.pop("picture", None)
    return page.show(FRAGMENT, status=status, form=form, picture=await captcha.make(page.portal, page.now))


handlers = [show, submit, show_done, show_known]
