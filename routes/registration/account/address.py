"""Step 4: «Это ваш адрес?» Nothing of the address is shown before the bill has been proved."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from db import registry
from domain.refusals import Lost, OutOfTurn
from domain.registration import by_account
from domain.registration.progress import registration_of
from domain.sessions import Visit
from routes.forms import Choice, Form
from routes.page import ThisPage
from routes.registration.account import FOLDER, lead_on, lost, out_of_turn, path_of, place, where

PATH, NAME, FRAGMENT = path_of("address"), "registration.account.address", f"{FOLDER}/address"


class AnswerForm(Form):
    answer: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := out_of_turn(page, "address"):
        return elsewhere
    account = await registry.account(registration_of(page.visit).account)
    if account is None:
        # An import has removed it meanwhile.
        return page.lead_to(path_of("bill"))
    return page.show(FRAGMENT, place=place("address"), account=account)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    answer = (await page.read(AnswerForm)).typed["answer"]
    if answer not in {"yes", "no"}:
        return page.lead_to(PATH)
    outcome = await by_account.confirm_address(page.scope, mine=answer == "yes")
    match outcome:
        case Visit():
            return page.lead_to(where(registration_of(outcome)), outcome)
        case Lost():
            return lost(page)
        case OutOfTurn():
            return lead_on(page, registration_of(page.visit))


handlers = [show, submit]
