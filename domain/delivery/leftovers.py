"""Messages that became too old while they waited, and those that a killed worker was sending."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from db import leftovers, outbox
from db.engine import transaction
from db.leftovers import AbandonedRow
from domain.delivery.ledger import PutBack, Settled
from domain.delivery.sending import Sender, names
from domain.delivery.undelivered import log_undelivered_request
from domain.portal import Portal

log = logging.getLogger("kabinet.delivery")


async def settle_leftovers(portal: Portal, sender: Sender, kind: str, gateways: Collection[str], now: datetime) -> None:
    """A portion of them; the next call takes the next one. `gateways` are the names of those that send this kind."""
    if not await leftovers.has_stale(kind, now):
        return
    for gone in await leftovers.expire(kind, now):
        log.warning("message %d: expired unsent", gone["id"])
        log_undelivered_request(portal, gone["message"], gone["sealed"])
    async with transaction():
        rows = await leftovers.abandoned(kind, now)
        decided = [(row, _decided(sender, row, gateways)) for row in rows]
        for row, change in decided:
            if isinstance(change, Settled):
                await outbox.settle([row["id"]], row["attempts"], change.state, change.reason, now)
            else:
                await outbox.put_back([row["id"]], row["attempts"], change.past, change.reason, now)
    for row, change in decided:
        if isinstance(change, Settled):
            log.error("message %d: unknown: its worker ended while sending", row["id"])
            log_undelivered_request(portal, row["message"], row["sealed"])
        else:
            log.warning("message %d: its worker ended while sending; it goes by the next gateway", row["id"])


def _decided(sender: Sender, row: AbandonedRow, gateways: Collection[str]) -> Settled | PutBack:
    reason = "the worker ended while sending"
    past = [*names(row["past"]), row["gateway"]]
    if sender.may_repeat(row["message"]) and not {*gateways} <= {*past}:
        return PutBack(",".join(past), reason, None)
    return Settled("unknown", reason)
