"""The outbox's rows: put in by use cases inside their transaction, taken by the delivery worker.

States: `waiting` → `sending` (claimed) → `sent`, `failed` (refused for good), `unknown` (an answer never came,
not tried again) or `expired` (too old to be worth sending). Every state after `sending` has `sealed` wiped.
A row is settled for one attempt: a worker that has taken longer than its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from db.engine import fetch, for_update, for_update_skip_locked, places, run, transaction
from db.tables import OutboxMessage

# A row that has been `sending` for longer was left by a worker that died; longer than any attempt may take
# (domain/delivery/sending.py, LONGEST_ATTEMPT).
LEASE = timedelta(minutes=2)

_REASON_LENGTH = 200
# How many rows one pass gives up; the next one takes the rest.
_AT_A_TIME = 500


class ClaimedRow(TypedDict):
    """A row that this worker alone may send, and only in this attempt."""

    id: int
    kind: str
    message: str
    sealed: str
    attempts: int
    created_at: datetime
    expires_at: datetime


class GivenUpRow(TypedDict):
    """A row that was settled unsent, with what it held."""

    id: int
    message: str
    sealed: str


class MessageRow(TypedDict):
    """`sealed` is empty once the row is settled."""

    id: int
    kind: str
    message: str
    sealed: str
    state: str
    created_at: datetime


async def put(kind: Literal["sms", "email"], message: str, sealed: str, now: datetime, expires_at: datetime) -> int:
    """Add a message to be sent once the surrounding transaction has committed; its id."""
    rows = await OutboxMessage.insert(
        OutboxMessage(
            kind=kind, message=message, sealed=sealed, state="waiting",
            created_at=now, next_at=now, expires_at=expires_at, reason="",
        )
    )  # fmt: skip
    return int(rows[0]["id"])


async def withdraw_unless(row: int, wanted: bool) -> None:
    """Delete a row of this same transaction unless it is `wanted`: one statement in both cases."""
    await run("DELETE FROM outbox WHERE id = {} AND NOT {}", row, wanted)


async def has_work(kinds: Sequence[str], now: datetime) -> bool:
    """Whether anything is to be sent or given up. It only reads, so an idle worker never waits for the writer."""
    rows = await run(
        f"SELECT 1 FROM outbox WHERE (state = 'waiting' AND kind IN ({places(kinds)}) AND next_at <= {{}})"
        " OR (state = 'sending' AND claimed_at <= {}) LIMIT 1",
        *kinds, now, now - LEASE,
    )  # fmt: skip
    return bool(rows)


async def claim(kinds: Sequence[str], now: datetime, at_most: int) -> Sequence[ClaimedRow]:
    """Take due rows, oldest first; no two workers ever get the same one."""
    return await fetch(
        ClaimedRow,
        # MATERIALIZED: PostgreSQL may run a plain sub-select once a row, and then LIMIT limits nothing.
        "WITH due AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'waiting'"
        f" AND kind IN ({places(kinds)}) AND next_at <= {{}} AND expires_at > {{}}"
        f" ORDER BY next_at, id LIMIT {{}}{for_update_skip_locked()})"
        " UPDATE outbox SET state = 'sending', attempts = attempts + 1, claimed_at = {}"
        " WHERE id IN (SELECT id FROM due)"
        " RETURNING id, kind, message, sealed, attempts, created_at, expires_at",
        *kinds, now, now, at_most, now,
    )  # fmt: skip


async def settle(
    row: ClaimedRow, state: Literal["sent", "failed", "unknown", "expired"], reason: str, now: datetime
) -> bool:
    """End the row and wipe it. False when it was no longer this attempt's to settle."""
    return await _leave(
        row, "state = {}, sealed = '', reason = {}, settled_at = {}", state, reason[:_REASON_LENGTH], now
    )


async def put_back(row: ClaimedRow, next_at: datetime, reason: str) -> bool:
    """Let the row wait for another attempt. False when it was no longer this attempt's."""
    return await _leave(row, "state = 'waiting', next_at = {}, reason = {}", next_at, reason[:_REASON_LENGTH])


async def _leave(row: ClaimedRow, changes: str, *values: Any) -> bool:
    rows = await run(
        f"UPDATE outbox SET {changes} WHERE id = {{}} AND state = 'sending' AND attempts = {{}} RETURNING id",
        *values, row["id"], row["attempts"],
    )  # fmt: skip
    return bool(rows)


async def expire(kinds: Sequence[str], now: datetime) -> Sequence[GivenUpRow]:
    """Settle and wipe the messages that are too old to be sent."""
    waiting = f"state = 'waiting' AND kind IN ({places(kinds)}) AND expires_at <= {{}}"
    return await _give_up(waiting, (*kinds, now), "expired", "", now)


async def give_up_abandoned(now: datetime) -> Sequence[GivenUpRow]:
    """Settle as `unknown` what a killed worker left behind: it may or may not have been sent."""
    abandoned = "state = 'sending' AND claimed_at <= {}"
    return await _give_up(abandoned, (now - LEASE,), "unknown", "the worker ended while sending", now)


async def _give_up(
    which: str, arguments: Sequence[Any], state: str, reason: str, now: datetime
) -> Sequence[GivenUpRow]:
    # Read before it is wiped; another worker waits for these rows and then finds them settled.
    async with transaction():
        rows = await fetch(
            GivenUpRow,
            f"SELECT id, message, sealed FROM outbox WHERE {which} ORDER BY id LIMIT {_AT_A_TIME}" + for_update(),
            *arguments,
        )
        if rows:
            await OutboxMessage.update(
                {
                    OutboxMessage.state: state,
                    OutboxMessage.sealed: "",
                    OutboxMessage.settled_at: now,
                    OutboxMessage.reason: reason,
                }
            ).where(OutboxMessage.id.is_in([row["id"] for row in rows]))
    return rows


async def newest(limit: int) -> Sequence[MessageRow]:
    """The newest rows first, for /dev/outbox and the staff."""
    return await fetch(
        MessageRow,
        "SELECT id, kind, message, sealed, state, created_at FROM outbox ORDER BY id DESC LIMIT {}",
        limit,
    )
