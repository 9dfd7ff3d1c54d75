"""What the browser keeps for us: encrypted, for one purpose, and for a while.

A value that was sealed for one purpose is none for another, or the cookie of a link could be handed in as a notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.scope import Scope


def seal(scope: Scope, purpose: str, **values: Any) -> str:
    return scope.seal({"for": purpose, "at": scope.now.isoformat(), **values})


def unseal(scope: Scope, purpose: str, sealed: str, lifetime: timedelta | None) -> dict[str, Any] | None:
    """None where there is nothing, or nothing of ours, or it is for something else, or too old."""
    try:
        values = scope.unseal(sealed) if sealed else None
    except ValueError:
        return None
    if not isinstance(values, dict) or values.get("for") != purpose:
        return None
    if lifetime is not None and scope.now - datetime.fromisoformat(values["at"]) > lifetime:
        return None
    return values
