"""«Создание пароля» for whoever has confirmed their number."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.refusals import Code, Refused, SessionExpired, WrongStep
from domain.sessions import Session
from domain.sign_in import recovery
from domain.sign_in.password_change import BrokenRules
from domain.sign_in.recovery import recovery_of
from routes.forms import Filled, PasswordForm
from routes.page import Page, ThisPage
from routes.password_rules import password_rules_shown
from routes.recovery import BASE, SIGN_IN, SIGN_IN_BY_LOGIN, lost, wrong_step

PATH, NAME, FRAGMENT = f"{BASE}/password", "recovery.password", "recovery/password"


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
    outcome = await recovery.save_password(page.scope, form.data.password)
    match outcome:
        case Session():
            window = SIGN_IN_BY_LOGIN if recovery_of(outcome).login else SIGN_IN
            return page.redirect(f"{window}?password=saved", outcome)
        case BrokenRules(broken_rules):
            return _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, broken_rules)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            # Not by what was known when this request began: the confirmed code may have lapsed by it.
            return page.redirect(f"{BASE}/code")


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_rules(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed."""
    form = await page.read(PasswordForm)
    broken_rules = await recovery.rules_broken_by(page.scope, page.session, form.data.password if form.data else "")
    return page.show_piece("partials/conditions.html", password_rules_shown(page, broken_rules, ticking=True))


def _answer(page: Page, form: Filled[Any], status: int, broken_rules: list[str] | None = None) -> Response[Any]:
    known = recovery_of(page.session)
    values = password_rules_shown(page, broken_rules, ticking=False)
    return page.show(FRAGMENT, status=status, form=form, phone=known.phone, login=known.login, **values)


handlers = [show, submit, check_rules]
