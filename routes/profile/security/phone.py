"""A new phone: the number, and the code sent to it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import overview, phone_change
from domain.profile.phone_change import change_of
from domain.proofs import one_time_codes
from domain.refusals import Code, ProofNeeded, Refused, SessionExpired, WrongStep
from domain.sessions import Session
from routes.code_window import code_window
from routes.field_check import field_check
from routes.forms import CodeForm, Filled, Form, Phone
from routes.page import Page, ThisPage
from routes.profile.security import BASE, FOLDER, ask_for_password, guard, owner_of

PATH, NAME, FRAGMENT = f"{BASE}/phone", "profile.security.phone", f"{FOLDER}/phone"
CODE_PATH, CODE_NAME, CODE_FRAGMENT = f"{PATH}/code", f"{NAME}.code", f"{FOLDER}/phone-code"


class NewPhoneForm(Form):
    phone: Phone = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await guard(page, PATH) or page.show(FRAGMENT, form=Filled(PATH))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if elsewhere := await guard(page, PATH):
        return elsewhere
    form = await page.read(NewPhoneForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    known = await overview.of(page.scope, page.customer or 0)
    if known is not None and known.phone == form.data.phone:
        return page.refuse(FRAGMENT, form.refuse(Refused(Code.PHONE_SAME, "phone")))
    outcome = await phone_change.begin(page.scope, form.data.phone)
    match outcome:
        case Session():
            return page.redirect(CODE_PATH)
        case Refused():
            return page.refuse(FRAGMENT, form.refuse(outcome))
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case ProofNeeded():
            return await ask_for_password(page, PATH)


@get(CODE_PATH, name=CODE_NAME)
async def show_code(page: ThisPage) -> Response[Any]:
    return await _answer(page, Filled(CODE_PATH), 200)


@post(CODE_PATH, name=f"{CODE_NAME}.submit")
async def submit_code(page: ThisPage) -> Response[Any]:
    form = await page.read(CodeForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await phone_change.confirm(page.scope, form.data.code)
    match outcome:
        case Session():
            return page.redirect(f"{BASE}?phone=saved", outcome)
        case SessionExpired():
            return await page.redirect_to_sign_in(PATH)
        case WrongStep():
            return page.redirect(BASE)
        case _:
            return await _answer(page, form.refuse(outcome), 422)


@post(f"{CODE_PATH}/another", name=f"{CODE_NAME}.another")
async def send_another(page: ThisPage) -> Response[Any]:
    outcome = await phone_change.send_another_code(page.scope)
    match outcome:
        case Session():
            return page.redirect(f"{CODE_PATH}?sent=again")
        case SessionExpired():
            return await page.redirect_to_sign_in(PATH)
        case WrongStep():
            return page.redirect(BASE)
        case ProofNeeded():
            return page.redirect(f"{BASE}/confirmation?next={CODE_PATH}")
        case Refused():
            return await _answer(page, Filled(CODE_PATH).refuse(outcome), 422)


@get(f"{CODE_PATH}/another", name=f"{CODE_NAME}.another.show")
async def show_another(page: ThisPage) -> Response[Any]:
    """Where an early press without JavaScript leaves the address bar."""
    return page.redirect(CODE_PATH)


async def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    """The code's window. A change begun too long ago, or before the password or the phone changed, says so."""
    session = owner_of(page)
    if session is None:
        return await page.redirect_to_sign_in(PATH)
    change = change_of(session)
    if change is None:
        return page.redirect(BASE)
    if not form.errors and not change.holds(session, page.scope.now):
        form.refuse(Refused(Code.CODE_EXPIRED, "code"))
    next_at = await one_time_codes.next_at(page.scope, phone_change.PURPOSE, change.phone)
    return page.show(
        CODE_FRAGMENT,
        status=status,
        form=form,
        **code_window(page, change.phone, next_at),
    )


check = field_check(PATH, NAME, FRAGMENT, NewPhoneForm, ["phone"])
handlers = [show, submit, show_code, submit_code, send_another, show_another, check]
