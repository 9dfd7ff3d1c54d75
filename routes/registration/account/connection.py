"""For a person who was not found: «Заявка на подключение»."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from litestar import Response, get, post

from domain.refusals import WrongStep
from domain.registration import connection_requests
from domain.registration.progress import Registration
from domain.sessions import Session
from routes.connection_form import CHECKED, FRAGMENT, ConnectionForm, request_of, show_form, show_sent_request
from routes.forms import FilledForm
from routes.page import Page, ThisPage
from routes.registration.account import ADDRESSES
from routes.steps.field_check import field_check

PATH, NAME = ADDRESSES.path_of("connection"), "registration.account.connection"
SENT_PATH, SENT_NAME = ADDRESSES.path_of("sent"), "registration.account.sent"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH, _typed(ADDRESSES.progress(page))), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if redirect := page.redirect_if_signed_in():
        return redirect
    form = await page.read(ConnectionForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await connection_requests.send(page.scope, request_of(form.data))
    if isinstance(outcome, Session):
        return page.redirect(SENT_PATH, outcome)
    return await ADDRESSES.answer(page, outcome, "connection")


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    progress = ADDRESSES.progress(page)
    if progress.request is not None:
        return page.redirect(SENT_PATH)
    if redirect := await ADDRESSES.guard(page, "connection"):
        return redirect
    return show_form(page, form, status, phone=progress.number, search=ADDRESSES.path_of("bill"))


def _typed(progress: Registration) -> dict[str, str]:
    person = asdict(progress.person) if progress.person else {}
    number = progress.bill.bill.account_number if progress.bill else ""
    return {**{name: text for name, text in person.items() if name != "birth_date"}, "account_number": number}


@get(SENT_PATH, name=SENT_NAME)
async def show_sent(page: ThisPage) -> Response[Any]:
    request = ADDRESSES.progress(page).request
    if request is None:
        return await ADDRESSES.answer(page, WrongStep(), "connection")
    return show_sent_request(page, request.number, request.email)


check = field_check(PATH, NAME, FRAGMENT, ConnectionForm, CHECKED)
handlers = [show, submit, show_sent, check]
