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


async def _guard_submit(page: Page) -> Response[Any] | None:
    return page.redirect_if_signed_in()


async def _guard_show(page: Page) -> Response[Any] | None:
    return await ADDRESSES.guard(page, "password")


async def _shown(page: Page) -> Mapping[str, Any]:
    progress = ADDRESSES.progress(page)
    return {"phone": progress.phone, "login": progress.login}


async def _broken_rules(page: Page, password: str) -> list[str]:
    return await recovery.rules_broken_by(page.scope, ADDRESSES.progress(page), password)


async def _save(page: Page, form: PasswordForm) -> Saved:
    return await recovery.save_password(page.scope, form.password)


async def _answer(page: Page, outcome: Outcome) -> Response[Any]:
    return await ADDRESSES.answer(page, outcome, "password")


handlers = password_handlers(
    PasswordStep(
        path=ADDRESSES.path_of("password"),
        name="recovery.password",
        fragment="recovery/password",
        guard_submit=_guard_submit,
        guard_show=_guard_show,
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
        answer=_answer,
    )
)
