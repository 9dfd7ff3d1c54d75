"""Receipts: what a gateway says has become of a message that it had taken.

Most come by a call of the gateway to an address of its own, whose last part is a key; some by the connection that the
messages go out by. What has come together is written together. A receipt may come before it is known here that the
gateway has taken the message, and to another process: so one that is about nothing known is looked at again for a
while.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NoReturn

from db import receipts
from db.engine import transaction
from db.receipts import NamedRow
from domain.delivery.arrivals import Arrival
from domain.delivery.channels.channel import Receipt, Receipts
from domain.portal import Portal

PATH = "/delivery/receipts"
# How long a receipt about nothing known is kept, and how often it is looked at again, seconds.
_KEPT, _AGAIN = 30.0, 1.0
# As many of them at most.
_MOST_KEPT = 10_000
_AT_A_TIME = 256
# After a fault of the database, seconds.
_PAUSE = 2.0
_log = logging.getLogger("kabinet.delivery")


def reference_of(portal: Portal, number: int, created_at: datetime) -> str:
    """What a message is called outside: nobody else can make up one, and it is the same at every attempt."""
    return _references(portal, number, created_at)[0]


def _references(portal: Portal, number: int, created_at: datetime) -> list[str]:
    """All that it may have been called."""
    digests = portal.sealing.keyed_hashes("message-id", f"{number} {created_at.isoformat()}")
    return [f"{number}.{digest[:24]}" for digest in digests]


def id_hash(portal: Portal, gateway: str, named: str) -> str:
    return _id_hashes(portal, gateway, named)[0]


def _id_hashes(portal: Portal, gateway: str, named: str) -> tuple[str, ...]:
    return portal.sealing.keyed_hashes("gateway-id", f"{gateway}\0{named}")


def key_of(portal: Portal, gateway: str) -> str:
    """The last part of the address that takes the receipts of a gateway."""
    return _keys_of(portal, gateway)[0]


def is_key_of(portal: Portal, gateway: str, key: str) -> bool:
    """Also the former one: a gateway may have been told that address by hand."""
    return any(hmac.compare_digest(own.encode(), key.encode()) for own in _keys_of(portal, gateway))


def _keys_of(portal: Portal, gateway: str) -> list[str]:
    return [key[:40] for key in portal.sealing.keyed_hashes("receipts", gateway)]


def receipts_of(portal: Portal, gateway: str) -> Receipts:
    """Where the receipts of a gateway go."""

    async def take(receipt: Receipt) -> None:
        await portal.arrivals.take(gateway, receipt)

    return Receipts(f"{portal.settings.public_url}{PATH}/{key_of(portal, gateway)}", take)


async def write_forever(portal: Portal, clock: Callable[[], datetime]) -> NoReturn:
    """Write down all receipts that come to this process."""
    kept: list[Arrival] = []
    loop = asyncio.get_running_loop()
    while True:
        arrivals = [*await portal.arrivals.next(_AT_A_TIME, _AGAIN if kept else None), *kept]
        try:
            kept = await _write(portal, arrivals, clock())
        except Exception as error:  # noqa: BLE001 - it goes on after any error of the database
            _log.error("receipts wait %g s: %s", _PAUSE, type(error).__name__)
            kept = arrivals
            await asyncio.sleep(_PAUSE)
            continue
        for arrival in arrivals:
            arrival.seen()
        before, kept = kept, [arrival for arrival in kept if loop.time() - arrival.at < _KEPT][-_MOST_KEPT:]
        if len(kept) < len(before):
            _log.info("%d receipts are about no message of this portal", len(before) - len(kept))


async def _write(portal: Portal, arrivals: Sequence[Arrival], now: datetime) -> list[Arrival]:
    """Those that are about nothing known."""
    unknown: list[Arrival] = []
    for start in range(0, len(arrivals), _AT_A_TIME):
        some = arrivals[start : start + _AT_A_TIME]
        async with transaction():
            found = _Found(portal, await _named(portal, some))
            states: dict[str, list[int]] = {}
            for arrival in some:
                row = found.of(arrival)
                if row is None:
                    unknown.append(arrival)
                elif _counts(row, arrival):
                    row["state"] = arrival.receipt.outcome
            for row in found.changed():
                states.setdefault(row["state"], []).append(row["id"])
            for state, rows in states.items():
                await receipts.settle(rows, state, now)
        for row in found.changed():
            _log.info("message %d by %s: %s", row["id"], row["gateway"], row["state"])
    return unknown


async def _named(portal: Portal, arrivals: Iterable[Arrival]) -> list[NamedRow]:
    numbers = {number for one in arrivals if (number := _number(one.receipt.reference)) is not None}
    named = [_id_hashes(portal, one.gateway, one.receipt.id) for one in arrivals if one.receipt.id]
    hashes = {own for hashes in named for own in hashes}
    rows = [*await receipts.by_number(sorted(numbers))] if numbers else []
    known = {row["id"] for row in rows}
    more = await receipts.by_gateway_id(sorted(hashes)) if hashes else []
    return [*rows, *(row for row in more if row["id"] not in known)]


def _number(reference: str) -> int | None:
    number = reference.partition(".")[0]
    # As long as a number of a row can be.
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None


class _Found:
    """Rows by all that receipts call them."""

    def __init__(self, portal: Portal, rows: Sequence[NamedRow]) -> None:
        self._portal = portal
        self._rows = rows
        self._before = {row["id"]: row["state"] for row in rows}
        self._by_reference = {
            reference: row for row in rows for reference in _references(portal, row["id"], row["created_at"])
        }
        # The newest one, where a gateway gives an id again.
        self._by_id = {row["gateway_id_hash"]: row for row in rows if row["gateway_id_hash"]}

    def of(self, arrival: Arrival) -> NamedRow | None:
        receipt = arrival.receipt
        if receipt.id:
            named = _id_hashes(self._portal, arrival.gateway, receipt.id)
            return next((self._by_id[own] for own in named if own in self._by_id), None)
        return self._by_reference.get(receipt.reference)

    def changed(self) -> list[NamedRow]:
        return [row for row in self._rows if row["state"] != self._before[row["id"]]]


def _counts(row: NamedRow, arrival: Arrival) -> bool:
    """Whether anything follows from a receipt: not from one that is repeated, late, or of a gateway without a part."""
    if arrival.receipt.outcome == "delivered":
        return row["state"] != "delivered" and arrival.gateway in {row["gateway"], *row["past"].split(",")}
    return row["state"] in {"sending", "accepted", "sent", "unknown"} and arrival.gateway == row["gateway"]
