"""The code that allows a new password."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Code, Refused, SessionExpired, WrongStep
from domain.sessions import Session
from domain.sign_in import recovery
from domain.sign_in.recovery import recovery_of
from routes.code_window import code_window
from routes.forms import CodeForm, Filled
from routes.page import Page, ThisPage
from routes.recovery import BASE, lost, where, wrong_step

PATH, NAME, FRAGMENT = f"{BASE}/code", "recovery.code", "recovery/code"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := wrong_step(page, "code"):
        return elsewhere
    form = Filled[Any](PATH)
    if recovery_of(page.session).has_expired(page.scope.now):
        # The code was right, but nothing came of it in time, or the password or the phone have changed since.
        form.refuse(Refused(Code.CODE_EXPIRED, "code"))
    return await _answer(page, form, 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(CodeForm)
    if form.data is None:
        return wrong_step(page, "code") or await _answer(page, form, 422)
    outcome = await recovery.confirm_code(page.scope, form.data.code)
    match outcome:
        case Session():
            return page.redirect(f"{BASE}/password", outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return page.redirect(where(page))
        case _:
            return await _answer(page, form.refuse(outcome), 422)


@post(f"{PATH}/another", name=f"{NAME}.another")
async def send_another(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    outcome = await recovery.send_another_code(page.scope)
    match outcome:
        case Session():
            return page.redirect(PATH + "?sent=again", outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return page.redirect(where(page))
        case Refused():
            return await _answer(page, Filled(PATH).refuse(outcome), 422)


@get(f"{PATH}/another", name=f"{NAME}.another.show")
async def show_another(page: ThisPage) -> Response[Any]:
    """Where an early press without JavaScript leaves the address bar."""
    return page.redirect(PATH)


async def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    phone = recovery_of(page.session).phone
    next_at = await recovery.next_code_at(page.scope, page.session)
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        **code_window(page, phone, next_at),
    )


handlers = [show, submit, send_another, show_another]
