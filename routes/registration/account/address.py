"""«Это ваш адрес?» Nothing of the address is shown before the bill has been proved."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.registration import by_account
from domain.registration.progress import REGISTRATION
from routes.forms import Choice, Form
from routes.page import ThisPage
from routes.registration.account import ADDRESSES, FOLDER

PATH, NAME, FRAGMENT = ADDRESSES.path_of("address"), "registration.account.address", f"{FOLDER}/address"


class AnswerForm(Form):
    """`shown` is the number of the account on the page."""

    answer: Choice = ""
    shown: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "address"):
        return redirect
    account = await by_account.account_found(ADDRESSES.progress(page))
    if account is None:
        # An import has removed it meanwhile.
        return page.redirect(ADDRESSES.path_of("bill"))
    return page.show(FRAGMENT, place=REGISTRATION.place("address"), account=account)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    typed = (await page.read(AnswerForm)).typed
    if typed["answer"] not in {"yes", "no"}:
        return page.redirect(PATH)
    outcome = await by_account.confirm_address(page.scope, mine=typed["answer"] == "yes", shown=typed["shown"] or None)
    return await ADDRESSES.answer(page, outcome, "address")


handlers = [show, submit]
