"""A device that signed in before is not locked by wrong passwords from elsewhere.

It carries a sealed cookie that names the customers who signed in there, and gives each of them a counter of their own
at the sign-in (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). The cookie gives no
access: a thief who has it may guess this customer's password as often as from a network of their own.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from domain.scope import Scope

_KEY = "device"
# Enough for a family's tablet, and the cookie stays small.
_MOST = 4


def renewed(scope: Scope, presented: str | None, customer: int) -> str:
    """The cookie's value after `customer` has signed in: their entry first, then those of the former cookie."""
    others = {who: entry for who, entry in _entries(scope, presented).items() if who != str(customer)}
    kept = dict(list(others.items())[: _MOST - 1])
    return scope.seal({_KEY: {str(customer): [secrets.token_hex(16), scope.now.isoformat()], **kept}})


def recognised(scope: Scope, presented: str | None, customer: int) -> str | None:
    """The key of the device's own counter for this customer; None where they never signed in there."""
    entry = _entries(scope, presented).get(str(customer))
    return str(entry[0]) if entry else None


def _entries(scope: Scope, presented: str | None) -> dict[str, Any]:
    if not presented:
        return {}
    try:
        sealed = scope.unseal(presented)
    except ValueError:
        return {}
    # Other values are sealed with the same key.
    if not isinstance(sealed, dict) or set(sealed) != {_KEY}:
        return {}
    oldest = scope.now - timedelta(seconds=scope.settings.device_lifetime)
    return {who: entry for who, entry in sealed[_KEY].items() if datetime.fromisoformat(entry[1]) > oldest}
