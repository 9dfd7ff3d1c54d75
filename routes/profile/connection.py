"""«Заявка на подключение» of a customer whose bill was not found."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import connection_requests
from domain.refusals import Refused
from domain.sessions import Session
from routes.connection_form import CHECKED, FRAGMENT, ConnectionForm, request_of, show_form, show_sent_request
from routes.forms import FilledForm
from routes.page import Page, ThisPage
from routes.profile import person_of
from routes.profile.accounts import ADDRESSES
from routes.steps.field_check import field_check

PATH, NAME = ADDRESSES.path_of("connection"), "profile.accounts.connection"
SENT_PATH = ADDRESSES.path_of("sent")


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    typed = await connection_requests.known_of(page.scope, page.customer) if page.customer is not None else {}
    search = ADDRESSES.progress(page).not_found
    number = {"account_number": search.account_number} if search is not None else {}
    return await _answer(page, FilledForm(PATH, typed | number), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(ConnectionForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await connection_requests.send(page.scope, request_of(form.data))
    match outcome:
        case Session():
            return page.redirect(SENT_PATH)
        case Refused():
            return await _answer(page, form.refuse(outcome), 422)
        case _:
            return await ADDRESSES.answer(page, outcome, "connection")


@get(SENT_PATH, name=f"{NAME}.sent")
async def show_sent(page: ThisPage) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "connection"):
        return redirect
    request = ADDRESSES.progress(page).request
    if request is None:
        return page.redirect(PATH)
    return show_sent_request(page, request.number, request.email)


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    if redirect := await ADDRESSES.guard(page, "connection"):
        return redirect
    if ADDRESSES.progress(page).request is not None:
        return page.redirect(SENT_PATH)
    person = await person_of(page)
    if person is None:
        return await page.redirect_to_sign_in()
    return show_form(page, form, status, phone=person.phone, search=ADDRESSES.path_of("bill"))


check = field_check(PATH, NAME, FRAGMENT, ConnectionForm, CHECKED)
handlers = [show, submit, show_sent, check]
