"""«Создание пароля» for whoever has confirmed their number."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Code, Lost, OutOfTurn, Refused
from domain.sessions import Visit
from domain.sign_in import recovery
from domain.sign_in.password_change import UnmetConditions
from domain.sign_in.recovery import recovery_of
from routes.conditions import conditions_shown
from routes.forms import Filled, PasswordForm
from routes.page import Page, ThisPage
from routes.recovery import BASE, SIGN_IN, SIGN_IN_BY_LOGIN, lost, out_of_turn

PATH, NAME, FRAGMENT = f"{BASE}/password", "recovery.password", "recovery/password"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return out_of_turn(page, "password") or _answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PasswordForm)
    if form.data is None:
        return out_of_turn(page, "password") or _answer(page, form, 422)
    outcome = await recovery.save_password(page.scope, form.data.password)
    match outcome:
        case Visit():
            window = SIGN_IN_BY_LOGIN if recovery_of(outcome).login else SIGN_IN
            return page.lead_to(f"{window}?password=saved", outcome)
        case UnmetConditions(unmet):
            return _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, unmet)
        case Lost():
            return lost(page)
        case OutOfTurn():
            # Not by what was known when this request began: the confirmed code may have lapsed by it.
            return page.lead_to(f"{BASE}/code")


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_conditions(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed."""
    form = await page.read(PasswordForm)
    unmet = await recovery.unmet_by(page.scope, page.visit, form.data.password if form.data else "")
    return page.show_piece("partials/conditions.html", conditions_shown(page, unmet, ticking=True))


def _answer(page: Page, form: Filled[Any], status: int, unmet: list[str] | None = None) -> Response[Any]:
    known = recovery_of(page.visit)
    values = conditions_shown(page, unmet, ticking=False)
    return page.show(FRAGMENT, status=status, form=form, phone=known.phone, login=known.login, **values)


handlers = [show, submit, check_conditions]
