"""After the first sign-in with the password of the SMS: one of their own, at once."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import overview
from domain.refusals import Code, Refused
from domain.sessions import Session
from domain.sign_in import password_change
from domain.sign_in.password_change import BrokenRules
from routes.forms import Filled, PasswordForm
from routes.page import Page, ThisPage
from routes.password_rules import password_rules_shown
from routes.registration.card import FOLDER

PATH, NAME, FRAGMENT = Page.PASSWORD_DUE, "registration.card.password", f"{FOLDER}/password"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, Filled(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    form = await page.read(PasswordForm)
    # Without a session the press may be the second one: the first has changed the session's id.
    if form.data is None or (page.session is not None and page.customer_with_password_due is None):
        return await _answer(page, form, 422)
    outcome = await password_change.change(page.scope, form.data.password, current=None)
    match outcome:
        case Session():
            return page.redirect("/profile", outcome)
        case BrokenRules(broken_rules):
            return await _answer(page, form.refuse(Refused(Code.PASSWORD_UNMET, "password")), 422, broken_rules)
        case _:
            return page.redirect("/")


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_rules(page: ThisPage) -> Response[str]:
    """The list that ticks off while the password is typed."""
    form = await page.read(PasswordForm)
    customer = page.customer_with_password_due
    about = await password_change.about(page.scope, customer) if customer is not None else ()
    broken_rules = password_change.broken_rules(page.scope, form.data.password if form.data else "", about)
    return page.show_piece("partials/conditions.html", password_rules_shown(page, broken_rules, ticking=True))


async def _answer(page: Page, form: Filled[Any], status: int, broken_rules: list[str] | None = None) -> Response[Any]:
    customer = page.customer_with_password_due
    known = await overview.of(page.scope, customer) if customer is not None else None
    if known is None:
        return page.redirect("/")
    return page.show(
        FRAGMENT, status=status, form=form, login=known.name, **password_rules_shown(page, broken_rules, ticking=False)
    )


handlers = [show, submit, check_rules]
