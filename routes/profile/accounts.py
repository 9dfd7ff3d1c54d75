"""«+»: one more account, proved by its bill; and the removal of an account, with a question before it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.profile import attached_accounts
from domain.profile.attached_accounts import ACCOUNT_ADDITION
from routes import bill_form
from routes.forms import FilledForm
from routes.journeys import Addresses
from routes.notices import Notice
from routes.page import ThisPage
from routes.profile import overview
from routes.row_ids import row_id
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = "/profile/accounts/new", "profile.accounts.new", "profile/overview"
ADDRESSES = Addresses(ACCOUNT_ADDITION, PATH, PATH, first=PATH)
REMOVAL_PATH, REMOVAL_FRAGMENT = "/profile/accounts/{account:str}/removal", "profile/account-removal"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    """The profile with the form in the place of «+»."""
    return await overview.answer(page, FilledForm(PATH), 200, adding=True)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "bill"):
        return redirect
    form = await bill_form.read(page)
    if form.data is None:
        return await overview.answer(page, form, 422, adding=True)
    bill, further = bill_form.bill_of(form.data), bill_form.further_of(form.data)
    outcome = await attached_accounts.attach(page.scope, bill, further)
    match outcome:
        case None:
            return page.redirect(overview.PATH, notice=Notice.ACCOUNT_ADDED)
        case list():
            return await overview.answer(page, form.refuse(outcome), 422, adding=True)
        case _:
            return await ADDRESSES.answer(page, outcome, "bill")


@get(REMOVAL_PATH, name="profile.accounts.removal")
async def show_removal(page: ThisPage, account: FromPath[str]) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    own = await attached_accounts.own(page.customer, row_id(account, bits=32))
    if own is None:
        return page.redirect(overview.PATH)
    return page.show(REMOVAL_FRAGMENT, account=own)


@post(REMOVAL_PATH, name="profile.accounts.removal.submit")
async def remove(page: ThisPage, account: FromPath[str]) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    await attached_accounts.detach(page.scope, page.customer, row_id(account, bits=32))
    return page.redirect(overview.PATH, notice=Notice.ACCOUNT_REMOVED)


check = field_check(PATH, NAME, FRAGMENT, bill_form.EveryFieldForm, bill_form.CHECKED)
handlers = [show, submit, show_removal, remove, check]
