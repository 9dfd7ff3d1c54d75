"""The append-only journal of security-relevant events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.engine import run
from db.tables import JournalEntry


async def add(at: datetime, event: str, customer: int | None, ip: str, user_agent: str, details: str = "") -> None:
    """`details` never holds personal data: a count, a purpose, a reason."""
    entry = JournalEntry(at=at, event=event, customer=customer, ip=ip, user_agent=user_agent, details=details)
    await JournalEntry.insert(entry)


async def of_customer(customer: int, newest: int) -> Sequence[dict[str, Any]]:
    """The newest entries of a customer, newest first."""
    return await run(
        "SELECT at, event, ip, user_agent FROM journal WHERE customer = {} ORDER BY id DESC LIMIT {}",
        customer, newest,
    )  # fmt: skip
