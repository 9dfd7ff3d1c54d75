"""The append-only journal of security-relevant events."""

from __future__ import annotations

from datetime import datetime

from db.tables import JournalEntry


async def add(at: datetime, event: str, customer: int | None, ip: str, user_agent: str, details: str = "") -> None:
    """`details` never holds personal data: a count, a purpose, a reason."""
    entry = JournalEntry(at=at, event=event, customer=customer, ip=ip, user_agent=user_agent, details=details)
    await JournalEntry.insert(entry)
