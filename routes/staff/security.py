"""What a person of the staff signs in by; every change needs a second factor shown again."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.refusals import Refused, SessionExpired
from domain.staff import second_factor
from routes.forms import FilledForm
from routes.notices import Notice
from routes.row_ids import row_id
from routes.staff.desk import Desk, ThisDesk
from routes.staff.setup import FACTOR, RECOVERY

PATH, NAME = "/staff/security", "staff.security"


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    return desk.guard() or await _answer(desk, FilledForm(PATH), 200)


@post(f"{PATH}/app", name=f"{NAME}.app")
async def begin_app(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard_confirmed(path=PATH):
        return redirect
    outcome = await second_factor.begin_app(desk.scope)
    return desk.to_sign_in() if isinstance(outcome, SessionExpired) else desk.redirect(FACTOR)


@post(f"{PATH}/recovery-codes", name=f"{NAME}.recovery-codes")
async def renew_codes(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard_confirmed(path=PATH):
        return redirect
    outcome = await second_factor.renew_recovery_codes(desk.scope)
    return desk.to_sign_in() if isinstance(outcome, SessionExpired) else desk.redirect(RECOVERY)


@post(f"{PATH}/passkeys/{{passkey:str}}/removal", name=f"{NAME}.passkeys.removal")
async def remove_passkey(desk: ThisDesk, passkey: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard_confirmed(path=PATH):
        return redirect
    outcome = await second_factor.remove_passkey(desk.scope, row_id(passkey, bits=32))
    match outcome:
        case SessionExpired():
            return desk.to_sign_in()
        case Refused():
            form: FilledForm[Any] = FilledForm(PATH)
            return await _answer(desk, form.refuse(outcome), 422)
        case _:
            return desk.redirect(PATH, notice=Notice.FACTOR_REMOVED)


async def _answer(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    assert desk.person is not None
    factors = await second_factor.of(desk.person.staff)
    answer: Response[Any] = desk.show("security", status=status, form=form, factors=factors, email=desk.person.email)
    return answer


handlers = [show, begin_app, renew_codes, remove_passkey]
