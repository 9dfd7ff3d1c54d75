"""Values that the browser keeps for the portal: encrypted, for one purpose, for a limited time.

A value sealed for one purpose is refused for another: else the cookie of a link could be sent as a notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.scope import Scope


def seal(scope: Scope, purpose: str, **values: Any) -> str:
    return scope.seal({"for": purpose, "at": scope.now.isoformat(), **values})


def unseal(scope: Scope, purpose: str, sealed: str, lifetime: timedelta | None) -> dict[str, Any] | None:
    """None where there is no value, where the portal did not seal it for this purpose, or where it is too old."""
    try:
        values = scope.unseal(sealed) if sealed else None
    except ValueError:
        return None
    if not isinstance(values, dict) or values.get("for") != purpose:
        return None
    if lifetime is not None and scope.now - datetime.fromisoformat(values["at"]) > lifetime:
        return None
    return values
