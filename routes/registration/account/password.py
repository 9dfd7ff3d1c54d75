"""Step 6: the password, and with it the customer."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Code, KnownPhone, Refused, SessionExpired, WrongStep
from domain.registration import completion
from domain.registration.progress import registration_of
from domain.sessions import Session
from domain.sign_in.password_change import BrokenRules
from routes.forms import Filled, PasswordForm
from routes.page import Page, ThisPage
from routes.password_rules import password_rules_shown
from routes.registration.account import FOLDER, lost, path_of, place, redirect_to_current_step, wrong_step

PATH, NAME, FRAGMENT = path_of("password"), "registration.account.password", f"{FOLDER}/password"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return wrong_step(page, "password") or _answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PasswordForm)
    if form.data is None:
        return wrong_step(page, "password") or _answer(page, form, 422)
    outcome = await completion.register(page.scope, form.data.password)
    match outcome:
        case Session():
            return page.redirect("/profile", outcome)
        case BrokenRules(broken_rules):
            return _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, broken_rules)
        case KnownPhone(_, session):
            # The number is kept: on to its password.
            return page.redirect("/sign-in/password?known=yes", session)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_rules(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed; the password goes nowhere."""
    form = await page.read(PasswordForm)
    password = form.data.password if form.data else ""
    broken_rules = completion.rules_broken_by(page.scope, registration_of(page.session), password)
    return page.show_piece("partials/conditions.html", password_rules_shown(page, broken_rules, ticking=True))


def _answer(page: Page, form: Filled[Any], status: int, broken_rules: list[str] | None = None) -> Response[Any]:
    values = password_rules_shown(page, broken_rules, ticking=False) | {"phone": registration_of(page.session).phone}
    return page.show(FRAGMENT, status=status, form=form, place=place("password"), **values)


handlers = [show, submit, check_rules]
