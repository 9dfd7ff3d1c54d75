"""Step 3: what proves that the account is theirs: period, account number and amount of a recent bill."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Refused, SessionExpired, WrongStep
from domain.registration import by_account
from domain.registration.connection_requests import may_be_sent
from domain.registration.progress import Registration, registration_of
from domain.sessions import Session
from routes import bill_form, formatting
from routes.field_check import field_check
from routes.forms import Filled
from routes.page import Page, ThisPage
from routes.registration.account import FOLDER, lost, path_of, place, redirect_to_current_step, where, wrong_step

PATH, NAME, FRAGMENT = path_of("bill"), "registration.account.bill", f"{FOLDER}/bill"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := wrong_step(page, "bill"):
        return elsewhere
    return await _answer(page, Filled(PATH, _typed(registration_of(page.session))), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await bill_form.read(page)
    if form.data is None:
        return wrong_step(page, "bill") or await _answer(page, form, 422)
    bill, further = bill_form.bill_of(form.data), bill_form.further_of(form.data)
    outcome = await by_account.find_account(page.scope, bill, further)
    match outcome:
        case Session():
            return page.redirect(where(registration_of(outcome)), outcome)
        case Refused():
            return await _answer(page, form.refuse(outcome), 422, not_found=True)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))


async def _answer(page: Page, form: Filled[Any], status: int, *, not_found: bool = False) -> Response[Any]:
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        place=place("bill"),
        not_found=not_found or may_be_sent(registration_of(page.session)),
        **await bill_form.shown(page, form),
    )


def _typed(known: Registration) -> dict[str, str]:
    amount = formatting.amount(known.amount_kopecks) if known.amount_kopecks >= 0 else ""
    return {"period": known.period, "account_number": known.account_number, "amount": amount}


check = field_check(PATH, NAME, FRAGMENT, bill_form.EveryFieldForm, bill_form.CHECKED)
handlers = [show, submit, check]
