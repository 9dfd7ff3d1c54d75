"""Counts of use by hour, name and process; those of past days by day and name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one, places, run


@dataclass(frozen=True)
class Addition:
    """What is added to the row `id`."""

    id: str
    what: str
    name: str
    hour: datetime
    times: int
    rolled: bool


class NameRow(TypedDict):
    what: str
    name: str
    times: int


class UsageHourRow(TypedDict):
    what: str
    hour: datetime
    times: int


class UnrolledRow(TypedDict):
    hour: datetime


async def add(additions: Sequence[Addition]) -> None:
    """Rows are locked in the order of their ids: two writers never wait for each other in turn."""
    ordered = sorted(additions, key=lambda addition: addition.id)
    await run(
        "INSERT INTO usage_counts (id, what, name, hour, rolled, times) VALUES "
        + ", ".join("({}, {}, {}, {}, {}, {})" for _ in ordered)
        + " ON CONFLICT (id) DO UPDATE SET times = usage_counts.times + excluded.times",
        *[value for one in ordered for value in (one.id, one.what, one.name, one.hour, one.rolled, one.times)],
    )


async def oldest_unrolled() -> datetime | None:
    row = await fetch_one(UnrolledRow, "SELECT hour FROM usage_counts WHERE NOT rolled ORDER BY hour LIMIT 1")
    return row["hour"] if row else None


async def take_unrolled(begins: datetime, ends: datetime) -> Sequence[NameRow]:
    """Remove the rows of these hours that are not rolled up; of two who do it, one gets them."""
    return await fetch(
        NameRow,
        "DELETE FROM usage_counts WHERE NOT rolled AND hour >= {} AND hour < {} RETURNING what, name, times",
        begins, ends,
    )  # fmt: skip


async def by_hour(kinds: Collection[str], begins: datetime, ends: datetime) -> Sequence[UsageHourRow]:
    return await fetch(
        UsageHourRow,
        "SELECT what, hour, CAST(SUM(times) AS bigint) AS times FROM usage_counts"
        f" WHERE what IN ({places(kinds)}) AND hour >= {{}} AND hour < {{}} GROUP BY what, hour",
        *kinds, begins, ends,
    )  # fmt: skip


async def by_name(kinds: Collection[str], begins: datetime, ends: datetime) -> Sequence[NameRow]:
    return await fetch(
        NameRow,
        "SELECT what, name, CAST(SUM(times) AS bigint) AS times FROM usage_counts"
        f" WHERE what IN ({places(kinds)}) AND hour >= {{}} AND hour < {{}} GROUP BY what, name",
        *kinds, begins, ends,
    )  # fmt: skip


async def forget(before: datetime, portion: int) -> bool:
    """Remove some of the rows of hours before that; whether there were any."""
    return bool(
        await run(
            "DELETE FROM usage_counts WHERE id IN"
            " (SELECT id FROM usage_counts WHERE hour < {} ORDER BY hour LIMIT {}) RETURNING id",
            before, portion,
        )
    )  # fmt: skip
