"""Step 2: the code from the SMS."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import one_time_codes
from domain.refusals import KnownPhone, Refused, SessionExpired, WrongStep
from domain.registration import by_account
from domain.registration.progress import registration_of
from domain.sessions import Session
from routes.code_window import code_window
from routes.forms import CodeForm, Filled
from routes.page import Page, ThisPage
from routes.registration.account import FOLDER, lost, path_of, place, redirect_to_current_step, where, wrong_step

PATH, NAME, FRAGMENT = path_of("code"), "registration.account.code", f"{FOLDER}/code"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return wrong_step(page, "code") or await _answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(CodeForm)
    if form.data is None:
        return wrong_step(page, "code") or await _answer(page, form, 422)
    outcome = await by_account.confirm_code(page.scope, form.data.code)
    match outcome:
        case Session():
            return page.redirect(where(registration_of(outcome)), outcome)
        case KnownPhone(_, session):
            # The number is kept: on to its password.
            return page.redirect("/sign-in/password?known=yes", session)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))
        case _:
            return await _answer(page, form.refuse(outcome), 422)


@post(f"{PATH}/another", name=f"{NAME}.another")
async def send_another(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    outcome = await by_account.send_another_code(page.scope)
    match outcome:
        case Session():
            return page.redirect(PATH + "?sent=again", outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))
        case Refused():
            return await _answer(page, Filled(PATH).refuse(outcome), 422)


@get(f"{PATH}/another", name=f"{NAME}.another.show")
async def show_another(page: ThisPage) -> Response[Any]:
    """Where an early press without JavaScript leaves the address bar: asked for again, it is the step itself."""
    return page.redirect(PATH)


async def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    known = registration_of(page.session)
    purpose = by_account.PURPOSE
    next_at = await one_time_codes.next_at(page.scope, purpose, known.phone)
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        place=place("code"),
        **code_window(page, known.phone, next_at),
    )


handlers = [show, submit, send_another, show_another]
