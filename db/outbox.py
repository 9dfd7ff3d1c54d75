"""The outbox's rows: put in by use cases inside their transaction, taken by the delivery worker.

States: `waiting` → `sending` (claimed) → `sent`, `failed` (given up), `unknown` (an answer never came, not
tried again) or `lapsed` (too old to be worth sending). Every state after `sending` has `sealed` wiped.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from db.tables import OutboxMessage


async def put(
    kind: Literal["sms", "email"], message: str, sealed: str, now: datetime, expires_at: datetime
) -> None:
    """Add a message to be sent once the surrounding transaction has committed."""
    await OutboxMessage.insert(
        OutboxMessage(
            kind=kind, message=message, sealed=sealed, state="waiting",
            created_at=now, next_at=now, expires_at=expires_at, reason="",
        )
    )  # fmt: skip
