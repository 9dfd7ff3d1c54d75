"""Step 6: the password, and with it the customer."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Code, KnownPhone, Lost, OutOfTurn, Refused
from domain.registration import completion
from domain.registration.progress import registration_of
from domain.sessions import Visit
from domain.sign_in.password_change import UnmetConditions
from routes.conditions import conditions_shown
from routes.forms import Filled, PasswordForm
from routes.page import Page, ThisPage
from routes.registration.account import FOLDER, lead_on, lost, out_of_turn, path_of, place

PATH, NAME, FRAGMENT = path_of("password"), "registration.account.password", f"{FOLDER}/password"


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
    outcome = await completion.register(page.scope, form.data.password)
    match outcome:
        case Visit():
            return page.lead_to("/profile", outcome)
        case UnmetConditions(unmet):
            return _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, unmet)
        case KnownPhone(_, visit):
            # The number is kept: on to its password.
            return page.lead_to("/sign-in/password?known=yes", visit)
        case Lost():
            return lost(page)
        case OutOfTurn():
            return lead_on(page, registration_of(page.visit))


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_conditions(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed; the password goes nowhere."""
    form = await page.read(PasswordForm)
    password = form.data.password if form.data else ""
    unmet = completion.unmet_by(page.scope, registration_of(page.visit), password)
    return page.show_piece("partials/conditions.html", conditions_shown(page, unmet, ticking=True))


def _answer(page: Page, form: Filled[Any], status: int, unmet: list[str] | None = None) -> Response[Any]:
    values = conditions_shown(page, unmet, ticking=False) | {"phone": registration_of(page.visit).phone}
    return page.show(FRAGMENT, status=status, form=form, place=place("password"), **values)


handlers = [show, submit, check_conditions]
