"""Step 7, for whoever was not found: «Заявка на подключение»."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import SessionExpired, WrongStep
from domain.registration import connection_requests
from domain.registration.connection_requests import Request, may_be_sent
from domain.registration.progress import registration_of
from domain.sessions import Session
from routes.field_check import field_check
from routes.forms import Comment, Email, Filled, Form, Line, Name, NeededLine, NeededName
from routes.page import ThisPage
from routes.registration.account import FOLDER, lost, path_of, redirect_to_current_step

PATH, NAME, FRAGMENT = path_of("connection"), "registration.account.connection", f"{FOLDER}/connection"
SENT_PATH, SENT_NAME, SENT_FRAGMENT = path_of("sent"), "registration.account.sent", f"{FOLDER}/sent"


class ConnectionForm(Form):
    last_name: NeededName = ""
    first_name: NeededName = ""
    patronymic: Name = ""
    email: Email = ""
    address: NeededLine = ""
    account_number: Line = ""
    comment: Comment = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    known = registration_of(page.session)
    if known.request_number:
        return page.redirect(SENT_PATH)
    if elsewhere := page.home() or (None if may_be_sent(known) else redirect_to_current_step(page, known)):
        return elsewhere
    typed = {name: str(getattr(known, name, "")) for name in ConnectionForm.model_fields}
    return page.show(FRAGMENT, form=Filled(PATH, typed), phone=known.phone)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(ConnectionForm)
    known = registration_of(page.session)
    if form.data is None:
        return (
            page.refuse(FRAGMENT, form, phone=known.phone)
            if may_be_sent(known)
            else redirect_to_current_step(page, known)
        )
    outcome = await connection_requests.send(page.scope, Request(**form.data.model_dump()))
    match outcome:
        case Session():
            return page.redirect(SENT_PATH, outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, known)


@get(SENT_PATH, name=SENT_NAME)
async def show_sent(page: ThisPage) -> Response[Any]:
    known = registration_of(page.session)
    if not known.request_number:
        return redirect_to_current_step(page, known)
    return page.show(SENT_FRAGMENT, number=known.request_number, email=known.email)


check = field_check(PATH, NAME, FRAGMENT, ConnectionForm, ["last_name", "first_name", "patronymic", "email"])
handlers = [show, submit, show_sent, check]
