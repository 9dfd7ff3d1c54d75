"""What partials/code.html needs, wherever a code from an SMS is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from routes.page import Page


def code_window(page: Page, phone: str, next_at: datetime) -> dict[str, Any]:
    """The number (E.164), how long a code is good, and when another one may be asked for: none where it may now."""
    return {
        "phone": phone,
        "good_for": page.settings.code_lifetime,
        "next_at": next_at if next_at > page.scope.now else None,
        "sent_again": "sent" in page.request.query_params,
    }
