"""One pass over the outbox: claim due rows, send them outside any transaction, settle and wipe them.

Any number of workers may do so at once. A row whose worker was killed while sending is not sent again: it ends
as `unknown` when its lease runs out. The loop around it is domain/delivery/worker.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from db import outbox
from domain.delivery.channels import Channels
from domain.delivery.channels.channel import Channel, DeliveryFailed, Outgoing, Rendered
from domain.delivery.undelivered import log_undelivered_request
from domain.portal import Portal

# Renders a message from the name of its folder, the values for its templates, and the language.
Render = Callable[[str, Mapping[str, Any], str], Rendered]

log = logging.getLogger("kabinet.delivery")

AT_ONCE = 8
# Seconds; shorter than outbox.LEASE, so that no other worker gives up a row that is still being sent.
LONGEST_ATTEMPT = 90.0
# Seconds to wait after the first, second … attempt; the last one repeats until the message expires.
PAUSES = (5, 15, 60, 300, 900, 1800)


async def deliver_due(portal: Portal, channels: Channels, render: Render, now: datetime) -> int:
    """One pass: give up what is too old or abandoned, then try up to `AT_ONCE` due rows; how many it tried.

    Raises what the database raises, after every claimed row has had its attempt.
    """
    kinds = [kind for kind, ways in channels.items() if ways]
    if not kinds or not await outbox.has_work(kinds, now):
        return 0
    for gone in await outbox.give_up_abandoned(now):
        log.error("message %d: unknown: its worker ended while sending", gone["id"])
        log_undelivered_request(portal, gone["message"], gone["sealed"])
    for gone in await outbox.expire(kinds, now):
        log.warning("message %d: expired unsent", gone["id"])
        log_undelivered_request(portal, gone["message"], gone["sealed"])
    rows = await outbox.claim(kinds, now, AT_ONCE)
    attempts = (_attempt(portal, row, channels[row["kind"]], render, now) for row in rows)
    for error in await asyncio.gather(*attempts, return_exceptions=True):
        if error is not None:
            raise error
    return len(rows)


async def _attempt(
    portal: Portal, row: outbox.ClaimedRow, ways: Sequence[Channel], render: Render, now: datetime
) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    failure: DeliveryFailed | None = None
    try:
        outgoing = _opened(portal, row, render)
        await _send(row, outgoing, ways)
    except DeliveryFailed as error:
        failure = error
    ended = now + timedelta(seconds=clock() - began)
    state, recorded = await _record(row, failure, ended)
    if not recorded:
        log.error("message %d: was given up meanwhile", row["id"])
    elif state not in {"sent", "waiting"}:
        log_undelivered_request(portal, row["message"], row["sealed"])


def _opened(portal: Portal, row: outbox.ClaimedRow, render: Render) -> Outgoing:
    try:
        posted = portal.sealing.unseal(row["sealed"])
    except ValueError:
        raise DeliveryFailed("refused", "sealed with another KABINET_SECRET", operator=True) from None
    try:
        language = posted.get("language", "ru")
        content = render(row["message"], posted["values"], language)
    except Exception as error:  # noqa: BLE001 - one bad row must not hold up the others
        # An error in a template: the row waits until it is corrected. Only the type: its text may quote the values.
        raise DeliveryFailed("later", f"its templates fail: {type(error).__name__}", operator=True) from None
    digest = portal.sealing.keyed_hash("message-id", f"{row['id']} {row['created_at'].isoformat()}")
    return Outgoing(f"{row['id']}.{digest[:24]}", row["created_at"], posted["to"], content, language)


async def _send(row: outbox.ClaimedRow, outgoing: Outgoing, ways: Sequence[Channel]) -> None:
    """Try the channels in order, as long as it is certain that the earlier ones did not deliver."""
    failures: list[DeliveryFailed] = []
    for channel in ways:
        try:
            await _send_by(channel, outgoing)
        except DeliveryFailed as error:
            level = logging.ERROR if error.operator else logging.WARNING
            log.log(level, "message %d %s by %s: %s", row["id"], row["message"], channel.scheme, error.reason)
            failures.append(error)
            if error.follows == "unknown":
                raise
        else:
            log.info("message %d %s by %s: sent", row["id"], row["message"], channel.scheme)
            return
    raise next((failure for failure in failures if failure.follows == "later"), failures[-1])


async def _send_by(channel: Channel, outgoing: Outgoing) -> None:
    try:
        async with asyncio.timeout(LONGEST_ATTEMPT):
            await channel.send(outgoing)
    except DeliveryFailed:
        raise
    except TimeoutError:
        raise DeliveryFailed("unknown", f"{channel.scheme} took too long") from None
    except Exception as error:  # noqa: BLE001 - one bad row must not hold up the others
        # An error in a channel: how far it came is unknown. Only the type: its text may quote the message.
        raise DeliveryFailed("unknown", f"{type(error).__name__} in the channel", operator=True) from None


async def _record(row: outbox.ClaimedRow, failure: DeliveryFailed | None, now: datetime) -> tuple[str, bool]:
    """The row's new state, and whether it was saved: not where another worker has given the row up."""
    if failure is None:
        return "sent", await outbox.settle(row, "sent", "", now)
    if failure.follows == "refused":
        return "failed", await outbox.settle(row, "failed", failure.reason, now)
    if failure.follows == "unknown":
        return "unknown", await outbox.settle(row, "unknown", failure.reason, now)
    next_at = now + timedelta(seconds=PAUSES[min(row["attempts"], len(PAUSES)) - 1])
    if next_at >= row["expires_at"]:
        log.warning("message %d: expired unsent", row["id"])
        return "expired", await outbox.settle(row, "expired", failure.reason, now)
    return "waiting", await outbox.put_back(row, next_at, failure.reason)
