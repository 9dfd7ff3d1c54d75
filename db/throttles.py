"""Counters in one table. All claims of a step are one statement with its condition: no two requests can take
the same place.

A claim looks at the row and at the `now` of its request; the times of two requests are never compared. So where a
counter has no pause, a request that began earlier and is counted later is counted all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.engine import for_update, places, run
from db.tables import Throttle

# Counters are kept for a day after their end: a clock that is ahead for a while must not delete those that count.
_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Hit:
    """One more hit of `key`, of which `most` are allowed in a window.

    `ends_at` is the end of a window that begins with this hit, `full_until` that of the lock which the last allowed
    hit begins (None: the window just goes on), `free_at` that of the pause after this hit (None: there is none).
    """

    key: str
    most: int
    ends_at: datetime
    full_until: datetime | None
    free_at: datetime | None


@dataclass(frozen=True)
class Counter:
    """A row: the window ends at `ends_at`, the pause after the last hit at `free_at`."""

    key: str
    hits: int
    ends_at: datetime
    free_at: datetime | None


async def look(keys: Collection[str]) -> dict[str, Counter]:
    """The counters among `keys` that exist; nothing is locked."""
    rows = await run(f"SELECT key, hits, ends_at, free_at FROM throttles WHERE key IN ({places(keys)})", *keys)
    return {row["key"]: Counter(**row) for row in rows}


async def claim(hits: Sequence[Hit], now: datetime) -> list[str]:
    """Count each hit that its counter allows; the keys of those counted.

    Rows are locked in the order of their keys, here and in `give_back`: so two requests never wait for each other.
    """
    ordered = sorted(hits, key=lambda hit: hit.key)
    # The columns `most` and `full_until` only pass the numbers of each hit to the condition below.
    values = [value for h in ordered for value in (h.key, h.most, h.ends_at, h.full_until, h.free_at)]
    rows = await run(
        "INSERT INTO throttles (key, hits, most, ends_at, full_until, free_at) VALUES "
        + ", ".join("({}, 1, {}, {}, {}, {})" for _ in ordered)
        + " ON CONFLICT (key) DO UPDATE SET"
        " hits = CASE WHEN throttles.ends_at <= {} THEN 1 ELSE throttles.hits + 1 END,"
        " ends_at = CASE WHEN throttles.ends_at <= {} THEN excluded.ends_at"
        " WHEN throttles.hits + 1 >= excluded.most AND excluded.full_until IS NOT NULL THEN excluded.full_until"
        # No window ends later than one that begins now: a clock that was ahead has put it there.
        " WHEN throttles.ends_at > excluded.ends_at THEN excluded.ends_at"
        " ELSE throttles.ends_at END,"
        " most = excluded.most, full_until = excluded.full_until, free_at = excluded.free_at"
        " WHERE (throttles.ends_at <= {} OR throttles.hits < excluded.most)"
        " AND (throttles.free_at IS NULL OR throttles.free_at <= {})"
        " RETURNING key",
        *values, now, now, now, now,
    )  # fmt: skip
    return [row["key"] for row in rows]


async def give_back(keys: Collection[str], emptied: Collection[str] = ()) -> None:
    """Undo one hit of each of `keys` with its pause, and all hits of those in `emptied`."""
    every = [*keys, *emptied]
    if not every:
        return
    cleared = f"key IN ({places(emptied)})" if emptied else "1 = 0"
    await run(
        f"WITH held AS MATERIALIZED (SELECT key FROM throttles WHERE key IN ({places(every)})"
        f" ORDER BY key{for_update()})"
        f" UPDATE throttles SET hits = CASE WHEN {cleared} THEN 0 ELSE hits - 1 END, free_at = NULL"
        " WHERE key IN (SELECT key FROM held) AND hits > 0",
        *every, *emptied,
    )  # fmt: skip


async def rename(keys: Mapping[str, str]) -> None:
    """Give counters other keys, in the order of those; where there is one by then, it stays."""
    found = await run(f"SELECT key FROM throttles WHERE key IN ({places(keys)})", *keys)
    for old in sorted((row["key"] for row in found), key=lambda old: keys[old]):
        await run(
            "UPDATE throttles SET key = {} WHERE key = {} AND NOT EXISTS (SELECT 1 FROM throttles WHERE key = {})",
            keys[old], old, keys[old],
        )  # fmt: skip


async def correct(counters: Sequence[Counter]) -> None:
    """Save the ends of counters that a wrong clock had put too far off."""
    for counter in sorted(counters, key=lambda counter: counter.key):
        await Throttle.update({Throttle.ends_at: counter.ends_at, Throttle.free_at: counter.free_at}).where(
            Throttle.key == counter.key, Throttle.hits == counter.hits
        )


async def sweep(now: datetime) -> None:
    """Remove the counters whose window has been over for a day, and whose pause is over."""
    await Throttle.delete().where(
        Throttle.ends_at <= now - _KEPT, Throttle.free_at.is_null() | (Throttle.free_at <= now)
    )
