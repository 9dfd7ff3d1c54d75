"""The outbox's rows: put in by use cases inside their transaction, taken by the delivery worker.

States: `waiting` → `sending` (from now on a gateway may have it) → `sent`, `accepted` (sent, and the gateway will say
what becomes of it: db/receipts.py), `failed` (refused for good), `unknown` (an answer never came) or `expired` (too old
to be worth sending). Every state after `sending` has `sealed` wiped. A worker that has taken a row has it to itself
until the row is due again, so what a killed worker had not begun is simply taken by the next one. A row is changed for
one attempt: a worker that has taken longer changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, TypeVar

from db.engine import fetch, for_update_skip_locked, places, run
from db.tables import OutboxMessage

Kind = Literal["sms", "call", "email"]
# For how long a worker has a row to itself: from when it took it until it begins to send it, and from then on. What
# lasts longer was left by a worker that died.
TAKEN: Mapping[str, timedelta] = {
    "sms": timedelta(seconds=20), "call": timedelta(seconds=20), "email": timedelta(seconds=60),
}  # fmt: skip
LEASE: Mapping[str, timedelta] = {
    "sms": timedelta(seconds=45), "call": timedelta(seconds=45), "email": timedelta(minutes=2),
}  # fmt: skip

_REASON_LENGTH = 200
# Lists of rows are filled up to one of these lengths, so that there are few different statements to be prepared.
_LENGTHS = (1, 4, 16, 64, 256)
# The values of one `Handover`: PostgreSQL must be told the types of a bare list.
_HANDED_OVER = "CAST({} AS bigint), CAST({} AS integer), CAST({} AS varchar), CAST({} AS varchar), CAST({} AS integer)"
Item = TypeVar("Item")


class ClaimedRow(TypedDict):
    """A row that this worker alone may send, and only in this attempt. `past`: gateways that may have it already."""

    id: int
    kind: str
    message: str
    sealed: str
    attempts: int
    created_at: datetime
    expires_at: datetime
    past: str
    last_choice: str


class Handover(TypedDict):
    """What is to be written of a row that a gateway has taken."""

    id: int
    attempts: int
    state: str
    gateway_id_hash: str
    cost_kopecks: int | None


class MessageRow(TypedDict):
    """`sealed` is empty once the row is settled."""

    id: int
    kind: str
    message: str
    sealed: str
    state: str
    created_at: datetime


class SentRow(TypedDict):
    kind: str
    message: str
    state: str
    created_at: datetime


class LaneRow(TypedDict):
    lane: int


async def put(
    kind: Kind,
    message: str,
    sealed: str,
    now: datetime,
    expires_at: datetime,
    *,
    priority: int = 1,
    last_choice: str = "",
    customer: int | None = None,
) -> int:
    """Add a message to be sent once the surrounding transaction has committed; its id."""
    rows = await OutboxMessage.insert(
        OutboxMessage(
            kind=kind, message=message, sealed=sealed, state="waiting", priority=priority,
            created_at=now, next_at=now, expires_at=expires_at, gateway="", past="", reason="",
            last_choice=last_choice, gateway_id_hash="", customer=customer,
        )
    )  # fmt: skip
    return int(rows[0]["id"])


async def withdraw_unless(row: int, wanted: bool) -> None:
    """Delete a row of this same transaction unless it is `wanted`: one statement in both cases."""
    await run("DELETE FROM outbox WHERE id = {} AND NOT {}", row, wanted)


async def due(kinds: Sequence[str], priorities: Sequence[int], now: datetime) -> list[tuple[str, int]]:
    """Of which kinds and priorities messages are due. It only reads, so an idle worker never waits for the writer."""
    lanes = [(kind, priority) for kind in kinds for priority in priorities]
    looks = (
        # The first one of its index, not EXISTS: for that PostgreSQL reads the table from its beginning, in the belief
        # that what many rows are is among the first, and a backlog of another kind stands there.
        f"SELECT {number} AS lane WHERE (SELECT next_at FROM outbox WHERE state = 'waiting'"
        " AND kind = {} AND priority = {} AND next_at <= {} ORDER BY next_at LIMIT 1) IS NOT NULL"
        for number in range(len(lanes))
    )
    found = await fetch(LaneRow, " UNION ALL ".join(looks), *(value for lane in lanes for value in (*lane, now)))
    return [lanes[row["lane"]] for row in found]


async def claim(kind: str, priority: int, now: datetime, at_most: int) -> Sequence[ClaimedRow]:
    """Take due rows, oldest first; no two workers ever get the same one."""
    rows = await fetch(
        ClaimedRow,
        # MATERIALIZED: PostgreSQL may run a plain sub-select once a row, and then LIMIT limits nothing.
        "WITH due AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'waiting'"
        " AND kind = {} AND priority = {} AND next_at <= {} AND expires_at > {}"
        f" ORDER BY next_at, id LIMIT {{}}{for_update_skip_locked()})"
        " UPDATE outbox SET attempts = attempts + 1, next_at = {}"
        " WHERE id IN (SELECT id FROM due)"
        " RETURNING id, kind, message, sealed, attempts, created_at, expires_at, past, last_choice",
        kind, priority, now, now, at_most, now + TAKEN.get(kind, max(TAKEN.values())),
    )  # fmt: skip
    return sorted(rows, key=lambda row: row["id"])


async def begin(rows: Collection[int], attempts: int, gateway: str, past: str, now: datetime) -> set[int]:
    """Say that a gateway may have these rows from now on; which of them are still this attempt's."""
    changes = "state = 'sending', gateway = {}, past = {}, claimed_at = {}"
    return await _change(rows, attempts, changes, gateway, past, now)


async def hand_over(rows: Sequence[Handover], now: datetime) -> set[int]:
    """Say that gateways have these rows, and wipe them; which of them were still their attempt's.

    Where the receipt was quicker, the row has its state already.
    """
    found: set[int] = set()
    for some in _portions(rows):
        values = [value for row in some for value in row.values()]
        rows_of_values = ", ".join(f"({_HANDED_OVER})" for _ in some)
        changed = await run(
            f"WITH taken (id, attempts, state, gateway_id_hash, cost_kopecks) AS (VALUES {rows_of_values})"
            " UPDATE outbox SET sealed = '', settled_at = COALESCE(settled_at, {}),"
            " state = CASE WHEN receipt_at IS NULL THEN taken.state ELSE outbox.state END,"
            " reason = '', gateway_id_hash = taken.gateway_id_hash, cost_kopecks = taken.cost_kopecks"
            " FROM taken WHERE outbox.id = taken.id AND outbox.attempts = taken.attempts"
            " AND (outbox.state IN ('waiting', 'sending') OR receipt_at IS NOT NULL) RETURNING outbox.id",
            *values, now,
        )  # fmt: skip
        found |= {row["id"] for row in changed}
    return found


async def settle(rows: Collection[int], attempts: int, state: str, reason: str, now: datetime) -> set[int]:
    """End the rows and wipe them; which of them were still this attempt's to settle."""
    return await _change(
        rows, attempts, "state = {}, sealed = '', reason = {}, settled_at = {}", state, reason[:_REASON_LENGTH], now
    )


async def put_back(rows: Collection[int], attempts: int, past: str, reason: str, next_at: datetime) -> set[int]:
    """Let the rows wait for another attempt."""
    changes = "state = 'waiting', past = {}, reason = {}, next_at = {}"
    return await _change(rows, attempts, changes, past, reason[:_REASON_LENGTH], next_at)


async def _change(rows: Collection[int], attempts: int, changes: str, *values: Any) -> set[int]:
    changed: set[int] = set()
    for some in _portions(list(rows)):
        found = await run(
            f"UPDATE outbox SET {changes} WHERE id IN ({places(some)}) AND attempts = {{}}"
            " AND state IN ('waiting', 'sending') RETURNING id",
            *values, *some, attempts,
        )  # fmt: skip
        changed |= {row["id"] for row in found}
    return changed


def _portions(rows: Sequence[Item]) -> Iterator[list[Item]]:
    """Each filled up to one of the lengths with its last one."""
    for start in range(0, len(rows), _LENGTHS[-1]):
        some = list(rows[start : start + _LENGTHS[-1]])
        yield some + [some[-1]] * (next(length for length in _LENGTHS if length >= len(some)) - len(some))


async def state_of(row: int) -> str | None:
    found = await run("SELECT state FROM outbox WHERE id = {}", row)
    return str(found[0]["state"]) if found else None


async def make_due(row: int, now: datetime) -> bool:
    """Let a row that waits be tried at once; whether it waited."""
    return bool(await run("UPDATE outbox SET next_at = {} WHERE id = {} AND state = 'waiting' RETURNING id", now, row))


async def of_customer(customer: int, since: datetime, most: int) -> Sequence[SentRow]:
    """A customer's messages since then, newest first, without what was in them."""
    return await fetch(
        SentRow,
        "SELECT kind, message, state, created_at FROM outbox WHERE customer = {} AND created_at > {}"
        " ORDER BY id DESC LIMIT {}",
        customer, since, most,
    )  # fmt: skip


async def newest(limit: int) -> Sequence[MessageRow]:
    """The newest rows first, for /dev/outbox and the staff."""
    return await fetch(
        MessageRow,
        "SELECT id, kind, message, sealed, state, created_at FROM outbox ORDER BY id DESC LIMIT {}",
        limit,
    )
