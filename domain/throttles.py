"""Limits of how often something may be tried. db/throttles.py counts; the numbers are settings.

A limit that many strangers share has several rows, so that they do not wait for each other's lock. Its places are
divided exactly among the rows, and a claim takes any row that has one left. Every row has a window of its own, so twice
the limit may be used around the end of a window, as with a single row.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from db import throttles
from db.throttles import Counter, Hit
from domain.metrics import THROTTLED
from domain.scope import Scope

HOUR, DAY = 3600, 86400
UNLIMITED = 2**31 - 1
# A shared limit smaller than this has one row: few requests meet there.
_SHARED_FROM, _ROWS = 1000, 16
# How far ahead another process's clock may be: later times were written by a wrong clock.
_SKEW = timedelta(seconds=5)
# How often a claim looks for another place when its place was taken meanwhile, and when it may come again after that.
_ROUNDS, _A_MOMENT = 4, timedelta(seconds=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` hits of `subject` in `window` seconds; `waits` are the pauses after them; the last repeats.

    With `lock`, the hit that reaches `most` locks the subject for so many seconds. A limit is `shared` where
    many strangers count in it; it has neither waits nor a lock.
    """

    kind: str
    subject: str
    most: int
    window: int
    waits: Sequence[int] = ()
    lock: int | None = None
    shared: bool = False

    def keys(self, scope: Scope) -> list[str]:
        return self._keys(scope.keyed_hash(self.kind, self.subject))

    def former_keys(self, scope: Scope) -> dict[str, str]:
        """The keys under the former secret, where there is one, and what each is now."""
        former = scope.keyed_hashes(self.kind, self.subject)[1:]
        return {old: new for own in former for old, new in zip(self._keys(own), self.keys(scope), strict=True)}

    def _keys(self, hashed: str) -> list[str]:
        # Hashed, so that the table holds no phones and addresses.
        key = f"{self.kind}:{hashed}"
        return [f"{key}#{n}" for n in range(_ROWS)] if self.rows > 1 else [key]

    @property
    def rows(self) -> int:
        return _ROWS if self.shared and self.most >= _SHARED_FROM else 1

    def places(self, row: int) -> int:
        """How many of `most` the `row`-th row has."""
        return self.most // self.rows + (row < self.most % self.rows)


async def free_at(scope: Scope, limits: Sequence[Limit]) -> datetime:
    """When all of `limits` allow another hit; `now` where they do already."""
    known = await _look(scope, limits) if limits else {}
    return max([_free_at(scope, limit, known) for limit in limits], default=scope.now)


@dataclass(frozen=True)
class Room:
    """What limits allow: `left` more hits, the next of them at `at`."""

    left: int
    at: datetime


async def room(scope: Scope, limits: Sequence[Limit]) -> Room:
    """What all of `limits` together allow now."""
    known = await _look(scope, limits)
    return Room(
        min(_left(scope, limit, known) for limit in limits), max(_free_at(scope, limit, known) for limit in limits)
    )


async def claim(scope: Scope, limits: Sequence[Limit], *, watched: Sequence[Limit] = ()) -> datetime | None:
    """Count one hit in each of `limits`, or in none and return when to try again. Part of the caller's transaction.

    `watched` limits refuse as the others do, and nothing is counted in them.
    """
    await _carry_on(scope, [*limits, *watched])
    for _ in range(_ROUNDS):
        known = await _look(scope, [*limits, *watched])
        at = max([_free_at(scope, limit, known) for limit in (*limits, *watched)], default=scope.now)
        if at > scope.now:
            await _correct(scope, [*limits, *watched], known)
            for limit in (*limits, *watched):
                if _free_at(scope, limit, known) > scope.now:
                    THROTTLED.labels(limit.kind).inc()
            return at
        hits = [_hit(scope, limit, known) for limit in limits]
        counted = await throttles.claim(hits, scope.now)
        if len(counted) == len(hits):
            return None
        # Another request has taken a place between the look and the claim.
        await throttles.give_back(counted)
    return scope.now + _A_MOMENT


async def is_counted(scope: Scope, limit: Limit) -> bool:
    """Whether anything has been counted in the present window."""
    known = await _look(scope, [limit])
    return any(counter.hits > 0 and _corrected(scope, limit, counter).ends_at > scope.now for counter in known.values())


async def give_back(scope: Scope, limits: Sequence[Limit], emptied: Sequence[Limit] = ()) -> None:
    """Undo one hit of each of `limits`, and all hits of those in `emptied`, whose subject has proved who they are."""
    await _carry_on(scope, [*limits, *emptied])
    shared = [key for limit in limits if limit.rows > 1 for key in limit.keys(scope)]
    known = await throttles.look(shared) if shared else {}
    keys = []
    for limit in limits:
        own = limit.keys(scope)
        # Any row that has a hit: only the sum of the rows matters.
        counted = own if limit.rows == 1 else [key for key in own if key in known and known[key].hits > 0]
        keys += [secrets.choice(counted)] if counted else []
    await throttles.give_back(keys, [key for limit in emptied for key in limit.keys(scope)])


async def _look(scope: Scope, limits: Sequence[Limit]) -> dict[str, Counter]:
    former = _former_keys(scope, limits)
    known = await throttles.look([*former, *(key for limit in limits for key in limit.keys(scope))])
    for old in known.keys() & former.keys():
        counter = known.pop(old)
        known.setdefault(former[old], replace(counter, key=former[old]))
    return known


def _former_keys(scope: Scope, limits: Sequence[Limit]) -> dict[str, str]:
    return {old: new for limit in limits for old, new in limit.former_keys(scope).items()}


async def _carry_on(scope: Scope, limits: Sequence[Limit]) -> None:
    """Let what was counted under the former secret count under the present one."""
    former = _former_keys(scope, limits)
    if former:
        await throttles.rename(former)


async def _correct(scope: Scope, limits: Sequence[Limit], known: Mapping[str, Counter]) -> None:
    """Save corrected ends, which a wrong clock had put too far ahead: else each look would move them on."""
    corrected = {
        key: _corrected(scope, limit, known[key]) for limit in limits for key in limit.keys(scope) if key in known
    }
    await throttles.correct([counter for key, counter in corrected.items() if counter != known[key]])


def _corrected(scope: Scope, limit: Limit, counter: Counter) -> Counter:
    last_end = scope.now + timedelta(seconds=max(limit.window, limit.lock or 0))
    last_pause = scope.now + timedelta(seconds=max(limit.waits, default=0))
    if counter.ends_at > last_end + _SKEW:
        counter = replace(counter, ends_at=last_end)
    if counter.free_at is not None and counter.free_at > last_pause + _SKEW:
        counter = replace(counter, free_at=last_pause)
    return counter


def _free_at(scope: Scope, limit: Limit, known: Mapping[str, Counter]) -> datetime:
    """The earliest of the limit's rows."""
    return min(_row_free_at(scope, limit, row, known.get(key)) for row, key in enumerate(limit.keys(scope)))


def _row_free_at(scope: Scope, limit: Limit, row: int, counter: Counter | None) -> datetime:
    if counter is None or counter.hits == 0:
        return scope.now
    counter = _corrected(scope, limit, counter)
    full = counter.hits >= limit.places(row) and counter.ends_at > scope.now
    return max(scope.now, counter.free_at or scope.now, counter.ends_at if full else scope.now)


def _left(scope: Scope, limit: Limit, known: Mapping[str, Counter]) -> int:
    """How many more hits the limit's rows have places for."""
    return sum(_row_left(scope, limit, row, known.get(key)) for row, key in enumerate(limit.keys(scope)))


def _row_left(scope: Scope, limit: Limit, row: int, counter: Counter | None) -> int:
    if counter is None or _corrected(scope, limit, counter).ends_at <= scope.now:
        return limit.places(row)
    return max(0, limit.places(row) - counter.hits)


def _hit(scope: Scope, limit: Limit, known: Mapping[str, Counter]) -> Hit:
    """The next hit of `limit`, in any of its rows that has a place left."""
    free = [
        (row, key)
        for row, key in enumerate(limit.keys(scope))
        if _row_free_at(scope, limit, row, known.get(key)) <= scope.now
    ]
    row, key = secrets.choice(free)
    counter, most = known.get(key), limit.places(row)
    # The number of this hit in its window, which tells the pause after it.
    place = counter.hits + 1 if counter is not None and counter.ends_at > scope.now else 1
    pause = limit.waits[min(place, len(limit.waits)) - 1] if limit.waits else 0
    full_until = scope.now + timedelta(seconds=limit.lock) if limit.lock else None
    return Hit(
        key,
        most,
        full_until if full_until and most == 1 else scope.now + timedelta(seconds=limit.window),
        full_until,
        scope.now + timedelta(seconds=pause) if pause else None,
    )


def network_of(ip: str) -> str:
    """The network of one subscriber: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    return networks_of(ip)[0][1]


def per_network(scope: Scope, kind: str, ip: str, most: int, window: int) -> list[Limit]:
    """At most `most` from an IPv4 address or an IPv6 /64, and several times as many from each wider network.

    A rented /48 is 65,536 networks of one subscriber, a rented /24 is 256 addresses.
    """
    times = {0: 1, 24: scope.settings.network_24, 56: scope.settings.network_56, 48: scope.settings.network_48}
    return [
        Limit(f"{kind}-{size}" if size else kind, network, min(most * times[size], UNLIMITED), window, shared=True)
        for size, network in networks_of(ip)
    ]


def networks_of(ip: str) -> list[tuple[int, str]]:
    """(prefix length, network), the narrowest first; its length is written as 0."""
    address = ip_address(ip)
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.version == 4:
        return [(0, str(address)), (24, str(ip_network((address, 24), strict=False)))]
    wider = [(size, str(ip_network((address.packed, size), strict=False))) for size in (64, 56, 48)]
    return [(0, wider[0][1]), *wider[1:]]
