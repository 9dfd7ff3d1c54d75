"""Rows of the outbox that nobody sends any more: too old, or left behind while they were being sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from db.engine import fetch, for_update_skip_locked, run, transaction
from db.outbox import LEASE
from db.tables import OutboxMessage

# How many rows one pass gives up; the next one takes the rest.
_AT_A_TIME = 500


class AbandonedRow(TypedDict):
    """A row that a worker left while it was being sent."""

    id: int
    message: str
    sealed: str
    attempts: int
    gateway: str
    past: str


class GivenUpRow(TypedDict):
    """A row that was settled unsent, with what it held."""

    id: int
    message: str
    sealed: str


async def has_stale(kind: str, now: datetime) -> bool:
    """Whether messages of a kind are too old to be sent, or were left behind; it only reads."""
    found = await run(
        "SELECT 1 AS stale WHERE"
        " EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting' AND kind = {} AND expires_at <= {})"
        " OR EXISTS (SELECT 1 FROM outbox WHERE state = 'sending' AND kind = {} AND claimed_at <= {})",
        kind, now, kind, now - _lease(kind),
    )  # fmt: skip
    return bool(found)


async def expire(kind: str, now: datetime) -> Sequence[GivenUpRow]:
    """Settle and wipe the messages of a kind that are too old to be sent."""
    # Read before they are wiped.
    async with transaction():
        rows = await fetch(
            GivenUpRow,
            "SELECT id, message, sealed FROM outbox WHERE state = 'waiting' AND kind = {} AND expires_at <= {}"
            f" ORDER BY expires_at LIMIT {_AT_A_TIME}" + for_update_skip_locked(),
            kind, now,
        )  # fmt: skip
        if rows:
            await OutboxMessage.update(
                {OutboxMessage.state: "expired", OutboxMessage.sealed: "", OutboxMessage.settled_at: now}
            ).where(OutboxMessage.id.is_in([row["id"] for row in rows]))
    return rows


async def abandoned(kind: str, now: datetime) -> Sequence[AbandonedRow]:
    """Rows of a kind that a worker left while they were being sent, locked: for the caller's transaction to change."""
    return await fetch(
        AbandonedRow,
        "SELECT id, message, sealed, attempts, gateway, past FROM outbox"
        " WHERE state = 'sending' AND kind = {} AND claimed_at <= {}"
        f" ORDER BY claimed_at LIMIT {_AT_A_TIME}" + for_update_skip_locked(),
        kind, now - _lease(kind),
    )  # fmt: skip


def _lease(kind: str) -> timedelta:
    return LEASE.get(kind, max(LEASE.values()))
