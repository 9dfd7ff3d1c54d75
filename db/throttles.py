"""Counters in one table; a claim is one statement, so no two callers can take the same place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from db.engine import run

# The wait that follows the n-th hit; the last one goes for all further hits.
_WAITED = (
    "((throttles.hits <= 1 AND throttles.last_at <= {})"
    " OR (throttles.hits = 2 AND throttles.last_at <= {})"
    " OR (throttles.hits >= 3 AND throttles.last_at <= {}))"
)


async def claim(key: str, now: datetime, most: int, window: timedelta, waits: Sequence[timedelta]) -> bool:
    """Count one more hit of `key`, unless `most` in `window` are used up or the wait is not over.

    `waits` has three entries: after the first hit, after the second, after any later one.
    """
    rows = await run(
        "INSERT INTO throttles (key, hits, started_at, last_at, ends_at) VALUES ({}, 1, {}, {}, {})"
        " ON CONFLICT (key) DO UPDATE SET"
        " hits = CASE WHEN throttles.ends_at <= {} THEN 1 ELSE throttles.hits + 1 END,"
        " started_at = CASE WHEN throttles.ends_at <= {} THEN excluded.started_at ELSE throttles.started_at END,"
        " ends_at = CASE WHEN throttles.ends_at <= {} THEN excluded.ends_at ELSE throttles.ends_at END,"
        " last_at = excluded.last_at"
        f" WHERE (throttles.ends_at <= {{}} OR throttles.hits < {{}}) AND {_WAITED}"
        " RETURNING hits",
        key, now, now, now + window, now, now, now, now, most, *(now - wait for wait in waits),
    )  # fmt: skip
    return bool(rows)


async def give_back(key: str) -> None:
    """Undo one claim: the attempt was a good one."""
    await run("UPDATE throttles SET hits = hits - 1 WHERE key = {} AND hits > 0", key)


async def forget(key: str) -> None:
    await run("DELETE FROM throttles WHERE key = {}", key)


async def free_at(key: str, now: datetime, most: int, waits: Sequence[timedelta]) -> datetime:
    """When `claim` will count again: `now` where it would already."""
    rows = await run("SELECT hits, last_at, ends_at FROM throttles WHERE key = {}", key)
    if not rows or rows[0]["hits"] == 0:
        return now
    hits, last_at, ends_at = rows[0]["hits"], rows[0]["last_at"], rows[0]["ends_at"]
    after_wait: datetime = last_at + waits[min(hits, len(waits)) - 1]
    return max(now, after_wait, ends_at if hits >= most and ends_at > now else now)


async def sweep(now: datetime) -> None:
    """Remove the counters whose window is over for a day: their waits are over too."""
    await run("DELETE FROM throttles WHERE ends_at <= {}", now - timedelta(days=1))
