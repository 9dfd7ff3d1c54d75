"""A new password for whoever is signed in."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import overview
from domain.refusals import Code, ProofNeeded, Refused, SessionExpired
from domain.sessions import Session
from domain.sign_in import password_change
from domain.sign_in.password_change import BrokenRules
from routes.forms import Filled, Password, PasswordForm
from routes.page import Page, ThisPage
from routes.password_rules import password_rules_shown
from routes.profile.security import BASE, FOLDER, ask_for_password, guard

PATH, NAME, FRAGMENT = f"{BASE}/password", "profile.security.password", f"{FOLDER}/password"


class PasswordChangeForm(PasswordForm):
    current_password: Password = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await guard(page, PATH) or await _answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    # Without a session the press may be the second one: the first has changed the session's id.
    if page.session is not None and (elsewhere := await guard(page, PATH)):
        return elsewhere
    form = await page.read(PasswordChangeForm)
    if form.data is None:
        return await _answer(page, form, 422)
    typed = form.data
    outcome = await password_change.change(page.scope, typed.password, current=typed.current_password)
    match outcome:
        case Session():
            return page.redirect(f"{BASE}?password=saved", outcome)
        case BrokenRules(broken_rules):
            return await _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, broken_rules)
        case list():
            return await _answer(page, form.refuse(outcome), 422)
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case ProofNeeded():
            return await ask_for_password(page, PATH)


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_rules(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed."""
    form = await page.read(PasswordForm)
    about = await password_change.about(page.scope, page.customer) if page.customer is not None else ()
    broken_rules = password_change.broken_rules(page.scope, form.data.password if form.data else "", about)
    return page.show_piece("partials/conditions.html", password_rules_shown(page, broken_rules, ticking=True))


async def _answer(page: Page, form: Filled[Any], status: int, broken_rules: list[str] | None = None) -> Response[Any]:
    known = await overview.of(page.scope, page.customer) if page.customer is not None else None
    if known is None:
        return await page.redirect_to_sign_in()
    values = password_rules_shown(page, broken_rules, ticking=False)
    return page.show(FRAGMENT, status=status, form=form, phone=known.phone, **values)


handlers = [show, submit, check_rules]
