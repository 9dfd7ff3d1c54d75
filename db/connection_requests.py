"""Connection requests for the staff's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one
from db.tables import ConnectionRequest

# The largest id of a row: PostgreSQL's driver raises an error for a larger one.
LARGEST = 2**31 - 1


class ListedRequestRow(TypedDict):
    id: int
    created_at: datetime
    handled_at: datetime | None


class ConnectionRequestRow(ListedRequestRow):
    sealed: str


async def add(sealed: str, now: datetime) -> int:
    rows = await ConnectionRequest.insert(ConnectionRequest(created_at=now, sealed=sealed)).returning(
        ConnectionRequest.id
    )
    return int(rows[0]["id"])


async def listed() -> Sequence[ListedRequestRow]:
    """Every request, oldest first."""
    return await fetch(ListedRequestRow, "SELECT id, created_at, handled_at FROM connection_requests ORDER BY id")


async def get(number: int) -> ConnectionRequestRow | None:
    if not 0 < number <= LARGEST:
        return None
    return await fetch_one(
        ConnectionRequestRow, "SELECT id, created_at, handled_at, sealed FROM connection_requests WHERE id = {}", number
    )


async def mark_handled(number: int, now: datetime) -> None:
    """Mark it; the time of the first marking stays."""
    await ConnectionRequest.update({ConnectionRequest.handled_at: now}).where(
        ConnectionRequest.id == number, ConnectionRequest.handled_at.is_null()
    )
