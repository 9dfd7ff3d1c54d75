"""The journal of security-relevant events: rows are only added, but repeats are counted in one row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, run
from db.tables import JournalEntry


class JournalRow(TypedDict):
    at: datetime
    event: str
    ip: str
    user_agent: str
    times: int


class CounterRow(TypedDict):
    details: str


async def add(at: datetime, event: str, customer: int | None, ip: str, user_agent: str, details: str = "") -> None:
    """`details` never holds personal data: a count, a purpose, a reason."""
    entry = JournalEntry(at=at, event=event, customer=customer, ip=ip, user_agent=user_agent, details=details)
    await JournalEntry.insert(entry)


async def add_repeat(
    at: datetime, event: str, customer: int | None, ip: str, user_agent: str, sum_key: str, details: str = ""
) -> None:
    """One row for all that have the same `sum_key`: how many there were, and when the last one was."""
    await run(
        "INSERT INTO journal (at, event, customer, ip, user_agent, details, times, sum_key)"
        " VALUES ({}, {}, {}, {}, {}, {}, 1, {})"
        " ON CONFLICT (sum_key) DO UPDATE SET times = journal.times + 1, at = excluded.at",
        at, event, customer, ip, user_agent, details, sum_key,
    )  # fmt: skip


async def of_customer(customer: int, newest: int) -> Sequence[JournalRow]:
    """The newest entries of a customer, newest first."""
    return await fetch(
        JournalRow,
        "SELECT at, event, ip, user_agent, times FROM journal WHERE customer = {} ORDER BY id DESC LIMIT {}",
        customer, newest,
    )  # fmt: skip


async def counters_of(customer: int, event: str, since: datetime) -> Sequence[CounterRow]:
    """The counters that these events since then have counted in, the newest first."""
    return await fetch(
        CounterRow,
        "SELECT details FROM journal WHERE customer = {} AND event = {} AND at > {} AND details <> ''"
        " ORDER BY id DESC LIMIT 50",
        customer, event, since,
    )  # fmt: skip


async def forget(before: datetime, portion: int) -> bool:
    """Remove a portion of the entries older than `before`; whether there were any."""
    return bool(
        await run(
            "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < {} ORDER BY at LIMIT {}) RETURNING id",
            before, portion,
        )
    )  # fmt: skip
