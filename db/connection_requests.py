"""Connection requests for the staff's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.engine import run
from db.tables import ConnectionRequest

# What the number of a row may be: PostgreSQL's driver refuses to ask for a larger one.
LARGEST = 2**31 - 1


async def add(sealed: str, now: datetime) -> int:
    rows = await ConnectionRequest.insert(ConnectionRequest(created_at=now, sealed=sealed)).returning(
        ConnectionRequest.id
    )
    return int(rows[0]["id"])


async def listed() -> Sequence[dict[str, Any]]:
    """`id`, `created_at` and `handled_at` of every request, oldest first."""
    return await run("SELECT id, created_at, handled_at FROM connection_requests ORDER BY id")


async def get(number: int) -> dict[str, Any] | None:
    """The whole row, `sealed` among it."""
    if not 0 < number <= LARGEST:
        return None
    rows = await run("SELECT id, created_at, handled_at, sealed FROM connection_requests WHERE id = {}", number)
    return rows[0] if rows else None


async def mark_handled(number: int, now: datetime) -> None:
    """Handled twice, it was handled the first time."""
    await run("UPDATE connection_requests SET handled_at = {} WHERE id = {} AND handled_at IS NULL", now, number)
