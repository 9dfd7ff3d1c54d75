"""Step 4: «Это ваш адрес?» Nothing of the address is shown before the bill has been proved."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from db import registry
from domain.refusals import SessionExpired, WrongStep
from domain.registration import by_account
from domain.registration.progress import registration_of
from domain.sessions import Session
from routes.forms import Choice, Form
from routes.page import ThisPage
from routes.registration.account import FOLDER, lost, path_of, place, redirect_to_current_step, where, wrong_step

PATH, NAME, FRAGMENT = path_of("address"), "registration.account.address", f"{FOLDER}/address"


class AnswerForm(Form):
    answer: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := wrong_step(page, "address"):
        return elsewhere
    account = await registry.account(registration_of(page.session).account)
    if account is None:
        # An import has removed it meanwhile.
        return page.redirect(path_of("bill"))
    return page.show(FRAGMENT, place=place("address"), account=account)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    answer = (await page.read(AnswerForm)).typed["answer"]
    if answer not in {"yes", "no"}:
        return page.redirect(PATH)
    outcome = await by_account.confirm_address(page.scope, mine=answer == "yes")
    match outcome:
        case Session():
            return page.redirect(where(registration_of(outcome)), outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))


handlers = [show, submit]
