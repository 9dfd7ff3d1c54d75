"""Where a customer was return_to when their session had ended, and what they had typed there.

It waits in a sealed cookie until the sign-in is over, ten minutes at most: a mere reader gets no row for it. What was
typed is its customer's: whoever signs in next in the same browser gets neither that nor the way back. Where nobody
can tell any more whose it was, only the way back is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.scope import Scope

LIFETIME = timedelta(minutes=10)
# Never carried over, whatever form they stand in.
_SECRETS = {"password", "current_password", "code", "captcha", "next"}
# A cookie holds 4096 bytes (RFC 6265, 6.1), and sealing adds a third.
_LONGEST = 2000


@dataclass(frozen=True)
class ReturnTo:
    """`customer` is None where the session that was lost was nobody's, or is not known any more."""

    path: str
    typed: dict[str, str]
    customer: int | None = None

    def is_for(self, customer: int | None) -> bool:
        return self.customer is None or self.customer == customer


def seal(scope: Scope, path: str, typed: Mapping[str, str], customer: int | None) -> str:
    kept = {name: value for name, value in typed.items() if name not in _SECRETS}
    if customer is None or sum(map(len, kept.values())) > _LONGEST // 2:
        kept = {}
    return scope.seal({"path": path, "typed": kept, "customer": customer, "at": scope.now.isoformat()})


def unseal(scope: Scope, sealed: str | None) -> ReturnTo | None:
    """None where there is nothing, or nothing of ours, or it is too old."""
    if not sealed:
        return None
    try:
        return_to = scope.unseal(sealed)
    except ValueError:
        return None
    if not isinstance(return_to, dict) or not {"path", "typed", "customer", "at"} <= return_to.keys():
        # Sealed by us, but for something else.
        return None
    if scope.now - datetime.fromisoformat(return_to["at"]) > LIFETIME:
        return None
    return ReturnTo(return_to["path"], return_to["typed"], return_to["customer"])
