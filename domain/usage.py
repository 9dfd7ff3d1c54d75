"""Counts of use: written down every few seconds, rolled up by the day, kept for two years, read for a period.

A page of the staff reads these sums and none of the tables that grow with the customers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NoReturn

from db import connection_requests, usage
from db.engine import transaction
from db.unavailable import DatabaseUnavailableError
from db.usage import Addition
from domain.portal import Portal
from domain.staff.requests import OPEN
from domain.usage_counts import What

# Seconds between two writings.
_EVERY = 5.0
KEPT = timedelta(days=731)
# How long after its end a day is rolled up: what was counted by then is there.
_ROLLED_AFTER = timedelta(hours=3)
# Open requests that are looked at: more say no more.
MOST_OPEN = 10_000
_log = logging.getLogger("kabinet.usage")


@dataclass(frozen=True)
class Usage:
    """Of a period: `days` has each of its days, with what happened on it; `names` the sums over all days."""

    days: Mapping[date, Mapping[What, int]]
    names: Mapping[What, Mapping[str, int]]


@dataclass(frozen=True)
class OpenRequests:
    """`ages` are counts by the age in days that they have not reached; the last one is of all older ones."""

    ages: Sequence[int]
    oldest_at: datetime | None
    more: bool

    @property
    def all(self) -> int:
        return sum(self.ages)


# Days: under one, under three, under seven, older.
AGES = (1, 3, 7)


async def flush(portal: Portal, now: datetime) -> None:
    """Write down what this process has counted; it is kept where the database is away."""
    taken = portal.usage.take()
    if not taken:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    try:
        await usage.add(
            [_addition(what, name, hour, times, portal.usage.process) for (what, name), times in taken.items()]
        )
    except BaseException:
        portal.usage.put_back(taken)
        raise


def _addition(what: str, name: str, hour: datetime, times: int, process: str) -> Addition:
    return Addition(f"{hour:%Y%m%d%H}#{process}#{what}#{name}", what, name, hour, times, rolled=not process)


async def flush_forever(portal: Portal, clock: Callable[[], datetime], every: float = _EVERY) -> NoReturn:
    """Goes on after a fault of the database, which requests tell of; the counts wait."""
    while True:
        await asyncio.sleep(every)
        try:
            await flush(portal, clock())
        except DatabaseUnavailableError as error:
            _log.warning("counts of use were not written: %s", error)


async def roll_up(zone: tzinfo, now: datetime) -> bool:
    """Make one row for each name of the rows of the oldest day that is over; whether there was one."""
    oldest = await usage.oldest_unrolled()
    if oldest is None:
        return False
    begins, ends = _day(oldest.astimezone(zone).date(), zone)
    if now < ends + _ROLLED_AFTER:
        return False
    async with transaction():
        sums: Counter[tuple[str, str]] = Counter()
        for row in await usage.take_unrolled(begins, ends):
            sums[row["what"], row["name"]] += row["times"]
        if sums:
            await usage.add([_addition(what, name, begins, times, "") for (what, name), times in sums.items()])
    return True


async def forget_usage(now: datetime, portion: int) -> bool:
    return await usage.forget(now - KEPT, portion)


async def of_period(portal: Portal, first: date, last: date, now: datetime) -> Usage:
    """Also what this process has counted by now."""
    await flush(portal, now)
    zone = portal.settings.zone
    begins, ends = _day(first, zone)[0], _day(last, zone)[1]
    names: dict[What, Counter[str]] = {what: Counter() for what in What}
    days: dict[date, Counter[What]] = {first + timedelta(days=n): Counter() for n in range((last - first).days + 1)}
    for row in await usage.by_hour([What.REGISTERED, What.SIGNED_IN, What.CODE_SENT, What.CODE_TYPED], begins, ends):
        days[row["hour"].astimezone(zone).date()][What(row["what"])] += row["times"]
    for named in await usage.by_name([*What], begins, ends):
        names[What(named["what"])][named["name"]] += named["times"]
    return Usage(days, names)


async def open_requests(now: datetime) -> OpenRequests:
    limits = (now - timedelta(days=AGES[0]), now - timedelta(days=AGES[1]), now - timedelta(days=AGES[2]))
    states = [state.value for state in OPEN]
    row = await connection_requests.open_by_age(states, *limits, MOST_OPEN)
    least = [row["found"], row["first"], row["second"], row["third"]]
    first = [one for state in states for one in await connection_requests.in_state(state, 0, 1)]
    return OpenRequests(
        [more - fewer for more, fewer in pairwise([*least, 0])],
        min((one["created_at"] for one in first), default=None),
        row["found"] >= MOST_OPEN,
    )


def _day(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When it begins and ends, to the hour that rows have."""
    begins, ends = (datetime.combine(at, time(), zone) for at in (day, day + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
