"""Counters in one table; a claim is one statement, so no two callers can take the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.engine import run

# The wait that follows the n-th hit; the last one goes for all further hits.
_WAITED = (
    "((throttles.hits <= 1 AND throttles.last_at <= {})"
    " OR (throttles.hits = 2 AND throttles.last_at <= {})"
    " OR (throttles.hits >= 3 AND throttles.last_at <= {}))"
)


@dataclass(frozen=True)
class Allowance:
    """At most `most` hits in `window`, which begins with the first; the hit that reaches `most` locks for `lock`.

    `waits` has three entries: the pause after the first hit, after the second, after any later one.
    """

    most: int
    window: timedelta
    lock: timedelta | None
    waits: Sequence[timedelta]


async def claim(key: str, now: datetime, allowance: Allowance) -> bool:
    """Count one more hit of `key`, unless the allowance is used up or a pause is not over."""
    most, ends_at = allowance.most, now + allowance.window
    locked_until = now + (allowance.lock or allowance.window)
    reached = " WHEN throttles.hits + 1 >= {} THEN {}" if allowance.lock else ""
    rows = await run(
        "INSERT INTO throttles (key, hits, started_at, last_at, ends_at) VALUES ({}, 1, {}, {}, {})"
        " ON CONFLICT (key) DO UPDATE SET"
        " hits = CASE WHEN throttles.ends_at <= {} THEN 1 ELSE throttles.hits + 1 END,"
        " started_at = CASE WHEN throttles.ends_at <= {} THEN excluded.started_at ELSE throttles.started_at END,"
        f" ends_at = CASE WHEN throttles.ends_at <= {{}} THEN excluded.ends_at{reached} ELSE throttles.ends_at END,"
        " last_at = excluded.last_at"
        f" WHERE (throttles.ends_at <= {{}} OR throttles.hits < {{}}) AND {_WAITED}"
        " RETURNING hits",
        key, now, now, ends_at, now, now, now, *((most, locked_until) if allowance.lock else ()), now, most,
        *(now - wait for wait in allowance.waits),
    )  # fmt: skip
    return bool(rows)


async def give_back(key: str) -> None:
    """Undo one claim: the attempt was a good one."""
    await run("UPDATE throttles SET hits = hits - 1 WHERE key = {} AND hits > 0", key)


async def forget(key: str) -> None:
    await run("DELETE FROM throttles WHERE key = {}", key)


async def free_at(key: str, now: datetime, allowance: Allowance) -> datetime:
    """When `claim` will count again: `now` where it would already."""
    rows = await run("SELECT hits, last_at, ends_at FROM throttles WHERE key = {}", key)
    if not rows or rows[0]["hits"] == 0:
        return now
    hits, last_at, ends_at = rows[0]["hits"], rows[0]["last_at"], rows[0]["ends_at"]
    after_wait: datetime = last_at + allowance.waits[min(hits, 3) - 1]
    return max(now, after_wait, ends_at if hits >= allowance.most and ends_at > now else now)


async def sweep(now: datetime) -> None:
    """Remove the counters whose window is over for a day: their waits are over too."""
    await run("DELETE FROM throttles WHERE ends_at <= {}", now - timedelta(days=1))
