"""«Создание пароля» for a customer who has confirmed their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.sign_in import recovery
from routes.forms import PasswordForm
from routes.page import Page
from routes.recovery import ADDRESSES
from routes.steps.password import Saved, password_handlers, password_step_of


async def _shown(page: Page) -> Mapping[str, Any]:
    progress = ADDRESSES.progress(page)
    return {"phone": progress.phone, "login": progress.login}


async def _broken_rules(page: Page, password: str) -> list[str]:
    return await recovery.rules_broken_by(page.scope, ADDRESSES.progress(page), password)


async def _save(page: Page, form: PasswordForm) -> Saved:
    return await recovery.save_password(page.scope, form.password)


handlers = password_handlers(
    password_step_of(
        ADDRESSES,
        name="recovery.password",
        fragment="recovery/password",
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
    )
)
