"""What partials/conditions.html needs, wherever a password is made."""

from __future__ import annotations

from typing import Any

from domain.passwords import conditions
from routes.page import Page


def password_rules_shown(page: Page, broken_rules: list[str] | None, *, ticking: bool) -> dict[str, Any]:
    """`broken_rules` is None where nothing has been judged yet; `ticking` while the password is being typed."""
    settings = page.settings
    return {
        "conditions": conditions(settings.password_needs),
        "broken_rules": broken_rules,
        "ticking": ticking,
        "shortest": settings.password_min,
        "longest": settings.password_max,
    }
