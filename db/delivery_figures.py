"""Figures of the outbox: what waits, and what came of what was sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from db.engine import fetch, fetch_one, places, run

# Handed over to a gateway, whatever it said later.
_HANDED_OVER = (
    "(state IN ('sent', 'accepted', 'delivered', 'undelivered', 'rejected')"
    " OR (state = 'expired' AND receipt_at IS NOT NULL))"
)


class WaitingRow(TypedDict):
    """Messages of a kind and priority that are to be sent."""

    kind: str
    priority: int
    messages: int
    oldest: datetime


class SentRow(TypedDict):
    """Of one gateway: `told` are those of which a receipt came, `unknown` those that may have been sent."""

    sent: int
    told: int
    delivered: int
    unknown: int
    cost_kopecks: int


class HourRow(TypedDict):
    """Messages of a kind that were settled in the hour of this number, and are in this state now."""

    hour: int
    kind: str
    state: str
    messages: int


class ReceiptTimesRow(TypedDict):
    settled_at: datetime
    receipt_at: datetime


async def waiting() -> Sequence[WaitingRow]:
    return await fetch(
        WaitingRow,
        # Not MIN(created_at): SQLite would return it as a text.
        "SELECT kind, priority, messages, created_at AS oldest FROM (SELECT kind, priority, created_at,"
        " COUNT(*) OVER (PARTITION BY kind, priority) AS messages,"
        " ROW_NUMBER() OVER (PARTITION BY kind, priority ORDER BY created_at) AS place"
        " FROM outbox WHERE state = 'waiting') AS counted WHERE place = 1 ORDER BY kind, priority",
    )


async def wait_since(kind: str, priorities: Collection[int], at: datetime, at_most: int = 1) -> int:
    """How many messages have waited since then; counted up to `at_most`."""
    rows = await run(
        f"SELECT 1 AS waits FROM outbox WHERE state = 'waiting' AND kind = {{}} AND priority IN ({places(priorities)})"
        " AND created_at <= {} LIMIT {}",
        kind, *priorities, at, at_most,
    )  # fmt: skip
    return len(rows)


async def sent_since(gateways: Collection[str], at: datetime) -> bool:
    """Whether any of the gateways has taken a message since then."""
    rows = await run(
        f"SELECT 1 AS sent FROM outbox WHERE gateway IN ({places(gateways)}) AND settled_at > {{}} AND {_HANDED_OVER}"
        " LIMIT 1",
        *gateways, at,
    )  # fmt: skip
    return bool(rows)


async def sent_by(gateway: str, since: datetime) -> SentRow:
    row = await fetch_one(
        SentRow,
        "SELECT COUNT(CASE WHEN state <> 'unknown' THEN 1 END) AS sent, COUNT(receipt_at) AS told,"
        " COUNT(CASE WHEN state = 'delivered' THEN 1 END) AS delivered,"
        " COUNT(CASE WHEN state = 'unknown' THEN 1 END) AS unknown,"
        " CAST(COALESCE(SUM(cost_kopecks), 0) AS bigint) AS cost_kopecks"
        f" FROM outbox WHERE gateway = {{}} AND settled_at >= {{}} AND ({_HANDED_OVER} OR state = 'unknown')",
        gateway, since,
    )  # fmt: skip
    assert row is not None
    return row


async def receipt_times(gateway: str, since: datetime, at_most: int) -> Sequence[ReceiptTimesRow]:
    """Of the newest messages with a receipt."""
    return await fetch(
        ReceiptTimesRow,
        "SELECT settled_at, receipt_at FROM outbox WHERE gateway = {} AND settled_at >= {} AND receipt_at IS NOT NULL"
        " ORDER BY settled_at DESC LIMIT {}",
        gateway, since, at_most,
    )  # fmt: skip


async def by_hour(gateways: Collection[str], begins: Sequence[datetime]) -> Sequence[HourRow]:
    """Of hours that begin at these times. Each is a range of the index, so nothing older is read."""
    hours = (
        f"SELECT {number} AS hour, kind, state, COUNT(*) AS messages FROM outbox"
        f" WHERE gateway IN ({places(gateways)}) AND settled_at >= {{}} AND settled_at < {{}} GROUP BY kind, state"
        for number in range(len(begins))
    )
    values = (value for at in begins for value in (*gateways, at, at + timedelta(hours=1)))
    return await fetch(HourRow, " UNION ALL ".join(hours), *values)
