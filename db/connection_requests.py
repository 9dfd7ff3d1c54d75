"""Connection requests for the staff's list."""

from __future__ import annotations

from datetime import datetime

from db.tables import ConnectionRequest


async def add(sealed: str, now: datetime) -> int:
    rows = await ConnectionRequest.insert(ConnectionRequest(created_at=now, sealed=sealed)).returning(
        ConnectionRequest.id
    )
    return int(rows[0]["id"])
