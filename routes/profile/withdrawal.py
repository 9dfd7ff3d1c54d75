"""«Отозвать согласие»: the cabinet ends with it. Also for a customer who is asked for the consent to a new text."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import overview, personal_data
from domain.refusals import SessionExpired
from routes.forms import FilledForm, Form, Password
from routes.notices import Notice
from routes.page import Page, ThisPage
from routes.profile.security import BASE

PATH, NAME, FRAGMENT = "/profile/withdrawal", "profile.withdrawal", "profile/withdrawal"


class WithdrawalForm(Form):
    password: Password = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def withdraw(page: ThisPage) -> Response[Any]:
    if _customer(page) is None:
        return await page.redirect_to_sign_in()
    form = await page.read(WithdrawalForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await personal_data.withdraw(page.scope, form.data.password)
    match outcome:
        case None:
            return page.redirect_after_sign_out("/", notice=Notice.CONSENT_WITHDRAWN)
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case _:
            return await _answer(page, form.refuse(outcome), 422)


def _customer(page: Page) -> int | None:
    return page.customer if page.customer is not None else page.customer_with_consent_due


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    customer = _customer(page)
    person = await overview.person_of(page.scope, customer) if customer is not None else None
    if person is None:
        return await page.redirect_to_sign_in()
    back = BASE if page.customer is not None else page.CONSENT_DUE
    return page.show(FRAGMENT, status=status, form=form, phone=person.phone, back_to=back)


handlers = [show, withdraw]
