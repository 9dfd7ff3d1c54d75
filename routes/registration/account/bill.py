"""Period, account number and amount of a recent bill: they prove that the account is the customer's."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import bill_proof
from domain.refusals import Code, Refused
from domain.registration import by_account, offers
from domain.registration.progress import REGISTRATION, BillSearch
from routes import bill_form, formatting
from routes.forms import Choice, FilledForm, Form
from routes.page import Page, ThisPage
from routes.registration.account import ADDRESSES, FOLDER
from routes.row_ids import row_id
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = ADDRESSES.path_of("bill"), "registration.account.bill", f"{FOLDER}/bill"


class OfferForm(Form):
    account: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "bill"):
        return redirect
    progress = ADDRESSES.progress(page)
    form = FilledForm[Any](PATH, _typed(progress.bill))
    # Only after a search in vain: before it nobody is told of tries.
    if progress.bill is not None and progress.bill.not_found:
        at = await bill_proof.next_at(page.scope, progress.number)
        if at > page.scope.now:
            form.refuse(Refused(Code.BILL_TOO_OFTEN, at=at))
    return await _answer(page, form, 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await bill_form.read(page)
    if form.data is None:
        return await ADDRESSES.guard(page, "bill") or await _answer(page, form, 422)
    bill, further = bill_form.bill_of(form.data), bill_form.further_of(form.data)
    outcome = await by_account.find_account(page.scope, bill, further)
    if isinstance(outcome, list):
        return await _answer(page, form.refuse(outcome), 422, not_found=True)
    return await ADDRESSES.answer(page, outcome, "bill")


@post(f"{PATH}/offer", name=f"{NAME}.offer")
async def take_offer(page: ThisPage) -> Response[Any]:
    """«Подключить этот счет»: the one that the company has found for a connection request."""
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(OfferForm)
    outcome = await offers.accept(page.scope, row_id(form.typed["account"], bits=32))
    return await ADDRESSES.answer(page, outcome, "bill")


@get(f"{PATH}/offer", name=f"{NAME}.offer.show")
async def show_offer(page: ThisPage) -> Response[Any]:
    """For an address that was typed."""
    return page.redirect(PATH)


async def _answer(page: Page, form: FilledForm[Any], status: int, *, not_found: bool = False) -> Response[Any]:
    progress = ADDRESSES.progress(page)
    search = progress.bill
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        place=REGISTRATION.place("bill"),
        offers=await offers.of(page.scope, progress),
        not_found=not_found or (search is not None and search.not_found),
        **await bill_form.shown(page, form),
    )


def _typed(search: BillSearch | None) -> dict[str, str]:
    if search is None:
        return {}
    bill = search.bill
    if not bill.period:
        # Not of a bill: the company has found the account.
        return {"account_number": bill.account_number}
    amount = formatting.amount(bill.amount_kopecks)
    return {"period": bill.period, "account_number": bill.account_number, "amount": amount}


check = field_check(PATH, NAME, FRAGMENT, bill_form.EveryFieldForm, bill_form.CHECKED)
handlers = [show, submit, take_offer, show_offer, check]
