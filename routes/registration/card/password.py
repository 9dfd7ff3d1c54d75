"""The customer's own password, right after the sign-in with the password of the SMS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response

from domain.profile import overview
from domain.sessions import Session
from domain.sign_in import password_change
from routes.forms import PasswordForm
from routes.journeys import Outcome
from routes.notices import Notice
from routes.page import Page
from routes.registration.card import FOLDER
from routes.steps.password import PasswordStep, Saved, password_handlers, unless_repeated


async def _guard_show(page: Page) -> Response[Any] | None:
    return page.redirect("/") if page.customer_with_password_due is None else None


async def _shown(page: Page) -> Mapping[str, Any]:
    known = await overview.person_of(page.scope, page.customer_with_password_due or 0)
    return {"login": known.login if known else ""}


async def _broken_rules(page: Page, password: str) -> list[str]:
    customer = page.customer_with_password_due
    about = await password_change.about(page.scope, customer) if customer is not None else ()
    return password_change.broken_rules(page.scope, password, about)


async def _save(page: Page, form: PasswordForm) -> Saved:
    return await password_change.change(page.scope, form.password, current=None)


async def _answer(page: Page, outcome: Outcome) -> Response[Any]:
    if isinstance(outcome, Session):
        return page.redirect("/profile", outcome, notice=Notice.WELCOME)
    return page.redirect("/")


handlers = password_handlers(
    PasswordStep(
        path=Page.PASSWORD_DUE,
        name="registration.card.password",
        fragment=f"{FOLDER}/password",
        guard_submit=unless_repeated(_guard_show),
        guard_show=_guard_show,
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
        answer=_answer,
    )
)
