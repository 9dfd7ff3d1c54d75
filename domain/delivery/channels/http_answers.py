"""Whose fault it is that a gateway answered an HTTP request with something else than success (RFC 9110, 15)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.delivery.channels.channel import DeliveryFailed

# Statuses that refuse our account or address, not the message: wrong password, no money left, wrong path.
_OPERATOR = frozenset({401, 402, 403, 404, 405, 407})
# The request was not looked at, for now; and for how long it is not sent again, seconds.
_BUSY = frozenset({408, 425, 429, 503})
_BUSY_REST = 1.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    # Seconds, of Retry-After; 0 where it is absent or a date.
    retry_after: float = 0

    @property
    def is_well(self) -> bool:
        return 200 <= self.status < 300

    def failure(self) -> DeliveryFailed:
        """What follows from a status that is no success, where the gateway means nothing else by it."""
        status = self.status
        if status in _OPERATOR:
            return DeliveryFailed("away", f"the gateway refuses our request ({status})", operator=True)
        if 300 <= status < 400:
            # RFC 9110, 15.4: a redirect says that the request is not fulfilled yet.
            return DeliveryFailed("away", f"the gateway redirects elsewhere ({status})", operator=True)
        if status in _BUSY:
            rest = self.retry_after or _BUSY_REST
            return DeliveryFailed("away", f"the gateway cannot take it now ({status})", rest=rest)
        if 400 <= status < 500:
            return DeliveryFailed("refused", f"the gateway refused the message ({status})")
        # 500, 502, 504 and what nobody has defined: it may have come through before that.
        return DeliveryFailed("unknown", f"the gateway answered with an error of its own ({status})")
