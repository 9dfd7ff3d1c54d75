"""The password: the last step, which makes the customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response

from domain.registration import completion
from domain.registration.progress import REGISTRATION
from domain.sessions import Session
from routes.forms import PasswordForm
from routes.journeys import Outcome
from routes.notices import Notice
from routes.page import Page
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.password import Saved, password_handlers, password_step_of


async def _shown(page: Page) -> Mapping[str, Any]:
    return {"place": REGISTRATION.place("password"), "phone": ADDRESSES.progress(page).number}


async def _broken_rules(page: Page, password: str) -> list[str]:
    return completion.rules_broken_by(page.scope, ADDRESSES.progress(page), password)


async def _save(page: Page, form: PasswordForm) -> Saved:
    return await completion.register(page.scope, form.password)


async def _answer(page: Page, outcome: Outcome) -> Response[Any]:
    if isinstance(outcome, Session):
        # The session of the customer who has just been made.
        return page.redirect("/profile", outcome, notice=Notice.WELCOME)
    return await ADDRESSES.answer(page, outcome, "password")


handlers = password_handlers(
    password_step_of(
        ADDRESSES,
        name="registration.account.password",
        fragment=f"{FOLDER}/password",
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
        answer=_answer,
    )
)
