"""What gateways say has become of messages that they had taken: the rows of the outbox behind their receipts.

`accepted`, or `unknown`, or `sent` → `delivered`, `undelivered`, `expired` (it was too old before it arrived),
`rejected`. What was said first stands, but for `delivered`: what has arrived has arrived, whatever else is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from db.engine import fetch, for_update_skip_locked, places, run

# A gateway is judged by as many of its messages, those that are younger left out: a telephone may be off for a while.
_JUDGED = 20
_PATIENCE = timedelta(seconds=60)
_DAY = timedelta(days=1)


class NamedRow(TypedDict):
    """A message that a receipt may be about; `past` are gateways that may have it beside `gateway`."""

    id: int
    state: str
    gateway: str
    past: str
    gateway_id_hash: str
    created_at: datetime


class ReceiptTimeRow(TypedDict):
    receipt_at: datetime | None


async def by_number(numbers: Sequence[int]) -> Sequence[NamedRow]:
    """Messages by their numbers, locked. Left out are those that somebody else is writing: nobody waits here."""
    return await _named(f"id IN ({places(numbers)})", numbers)


async def by_gateway_id(hashes: Sequence[str]) -> Sequence[NamedRow]:
    """The same by what gateways call them, the newest last."""
    return await _named(f"gateway_id_hash <> '' AND gateway_id_hash IN ({places(hashes)})", hashes)


async def _named(condition: str, names: Sequence[object]) -> Sequence[NamedRow]:
    return await fetch(
        NamedRow,
        "SELECT id, state, gateway, past, gateway_id_hash, created_at FROM outbox"
        f" WHERE {condition} ORDER BY id" + for_update_skip_locked(),
        *names,
    )


async def settle(rows: Collection[int], state: str, now: datetime) -> None:
    """What becomes of rows that `named` has locked; nothing of their content is needed any more."""
    await run(
        "UPDATE outbox SET state = {}, sealed = '', reason = '', receipt_at = {},"
        f" settled_at = COALESCE(settled_at, {{}}) WHERE id IN ({places(rows)})",
        state, now, now, *rows,
    )  # fmt: skip


async def have_stopped(gateway: str, now: datetime) -> bool:
    """Whether a gateway that gives receipts has given none for its last messages."""
    last = await fetch(
        ReceiptTimeRow,
        "SELECT receipt_at FROM outbox WHERE gateway = {} AND settled_at > {}"
        " AND (receipt_at IS NOT NULL OR (state = 'accepted' AND settled_at <= {}))"
        " ORDER BY settled_at DESC LIMIT {}",
        gateway, now - _DAY, now - _PATIENCE, _JUDGED,
    )  # fmt: skip
    if len(last) < _JUDGED or any(row["receipt_at"] for row in last):
        return False
    gave = await run(
        "SELECT 1 AS gave FROM outbox WHERE gateway = {} AND settled_at > {} AND receipt_at IS NOT NULL LIMIT 1",
        gateway, now - _DAY,
    )  # fmt: skip
    return bool(gave)
