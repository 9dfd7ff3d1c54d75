"""«Создание пароля» for a customer who has confirmed their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response

from domain.sign_in import recovery
from routes.forms import PasswordForm
from routes.journeys import Outcome
from routes.page import Page
from routes.recovery import ADDRESSES
from routes.steps.password import PasswordStep, Saved, password_handlers


async def _guard(page: Page) -> Response[Any] | None:
    return page.home()


async def _elsewhere(page: Page) -> Response[Any] | None:
    return await ADDRESSES.elsewhere(page, "password")


async def _shown(page: Page) -> Mapping[str, Any]:
    known = ADDRESSES.known(page)
    return {"phone": known.phone, "login": known.login}


async def _broken_rules(page: Page, password: str) -> list[str]:
    return await recovery.rules_broken_by(page.scope, ADDRESSES.known(page), password)


async def _save(page: Page, form: PasswordForm) -> Saved:
    return await recovery.save_password(page.scope, form.password)


async def _answer(page: Page, outcome: Outcome) -> Response[Any]:
    return await ADDRESSES.answer(page, outcome, "password")


handlers = password_handlers(
    PasswordStep(
        path=ADDRESSES.path_of("password"),
        name="recovery.password",
        fragment="recovery/password",
        guard=_guard,
        elsewhere=_elsewhere,
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
        answer=_answer,
    )
)
