"""How often things may be tried. The counting itself is db/throttles.py; numbers come from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from db import throttles
from db.throttles import Allowance
from domain.portal import Portal

HOUR, DAY = 3600, 86400
_NO_WAITS = (0, 0, 0)


@dataclass(frozen=True)
class Limit:
    """At most `most` hits of `subject` in `window` seconds, with `waits` seconds after each.

    With `lock`, the hit that reaches `most` shuts the subject out for so many seconds from then on.
    """

    kind: str
    subject: str
    most: int
    window: int
    waits: Sequence[int] = _NO_WAITS
    lock: int | None = None

    def key(self, portal: Portal) -> str:
        # Hashed, so that the table lists no phones and addresses.
        return f"{self.kind}:{portal.sealing.keyed_hash(self.kind, self.subject)}"

    @property
    def allowance(self) -> Allowance:
        pauses = [timedelta(seconds=self.waits[min(n, len(self.waits) - 1)]) for n in range(3)]
        lock = timedelta(seconds=self.lock) if self.lock else None
        return Allowance(self.most, timedelta(seconds=self.window), lock, pauses)


async def free_at(portal: Portal, limits: Sequence[Limit], now: datetime) -> datetime:
    """When all of `limits` will let one more through; `now` where they do."""
    return max([await throttles.free_at(x.key(portal), now, x.allowance) for x in limits], default=now)


async def claim(portal: Portal, limits: Sequence[Limit], now: datetime) -> datetime | None:
    """Count one hit in each of `limits`, or in none and return when to come again."""
    at = await free_at(portal, limits, now)
    if at > now:
        return at
    claimed: list[Limit] = []
    for limit in limits:
        if not await throttles.claim(limit.key(portal), now, limit.allowance):
            # Someone was faster between the look and the claim.
            await give_back(portal, claimed)
            return await free_at(portal, limits, now)
        claimed.append(limit)
    return None


async def give_back(portal: Portal, limits: Sequence[Limit]) -> None:
    for limit in limits:
        await throttles.give_back(limit.key(portal))


async def forget(portal: Portal, limit: Limit) -> None:
    """Start counting anew: the subject has shown who they are."""
    await throttles.forget(limit.key(portal))


def network_of(ip: str) -> str:
    """What one subscriber holds: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
