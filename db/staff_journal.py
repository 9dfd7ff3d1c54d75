"""The journal of the staff: entries are only ever added, each with the hash of the one before.

The row of the chain's end is locked by whoever adds an entry, until their transaction ends. So it is the last lock that
an act takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one
from db.tables import StaffJournalEnd, StaffJournalEntry

_COLUMNS = "number, at, staff, customer, event, subject, reason_sealed, ip, hash_before, hash"


class EndRow(TypedDict):
    number: int
    hash: str


class EntryRow(TypedDict):
    number: int
    at: datetime
    staff: int | None
    customer: int | None
    event: str
    subject: str
    reason_sealed: str
    ip: str
    hash_before: str
    hash: str


async def end() -> EndRow:
    """Number and hash of the newest entry; 0 and nothing where there is none."""
    row = await fetch_one(EndRow, "SELECT number, hash FROM staff_journal_end WHERE id = 1")
    return row or {"number": 0, "hash": ""}


async def lock_end() -> EndRow:
    """The same, locked until the transaction ends. The first entry of all makes the row."""
    row = await fetch_one(
        EndRow,
        "INSERT INTO staff_journal_end (id, number, hash) VALUES (1, 0, '')"
        " ON CONFLICT (id) DO UPDATE SET number = staff_journal_end.number RETURNING number, hash",
    )
    assert row is not None
    return row


async def add(row: EntryRow) -> None:
    """Part of a transaction that has locked the end."""
    await StaffJournalEntry.insert(StaffJournalEntry(**row))
    await StaffJournalEnd.update({StaffJournalEnd.number: row["number"], StaffJournalEnd.hash: row["hash"]}).where(
        StaffJournalEnd.id == 1
    )


async def after(number: int, most: int) -> Sequence[EntryRow]:
    """The entries behind `number`, oldest first."""
    return await fetch(
        EntryRow, f"SELECT {_COLUMNS} FROM staff_journal WHERE number > {{}} ORDER BY number LIMIT {{}}", number, most
    )


async def newest(most: int) -> Sequence[EntryRow]:
    return await fetch(EntryRow, f"SELECT {_COLUMNS} FROM staff_journal ORDER BY number DESC LIMIT {{}}", most)
