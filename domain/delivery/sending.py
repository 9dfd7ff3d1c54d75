"""One attempt at one message: opened, handed to its gateway and, where that surely failed, to the next; then noted.

A message never goes out by two gateways unless the first surely has not taken it. A code does where the first one's
answer never came, unless KABINET_SMS_UNKNOWN says `keep`: rather twice than never.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from db.outbox import LEASE, ClaimedRow
from domain.delivery.channels.channel import Begin, DeliveryFailed, Outgoing, Rendered, Taken
from domain.delivery.gateways import Gateway, Gateways, next_gateway
from domain.delivery.ledger import Begun, Change, HandedOver, Ledger, PutBack, Settled
from domain.delivery.messages import MESSAGES
from domain.delivery.receipts import id_hash, reference_of
from domain.delivery.undelivered import log_undelivered_request
from domain.metrics import ATTEMPTS, ENDED
from domain.portal import Portal

# Renders a message from the name of its folder, the values for its templates, and the language.
Render = Callable[[str, Mapping[str, Any], str], Rendered]

log = logging.getLogger("kabinet.delivery")

# Seconds to wait after the first, second … attempt that failed for the message's own sake; the last one repeats until
# the message expires. A customer waits for a code before the screen: for that never longer than `CODE_PAUSE`.
PAUSES = (5, 15, 60, 300, 900, 1800)
CODE_PAUSE = 15
# Where only gateways are left that take nothing now, seconds.
SOON = 1
# How long an attempt waits for the database before it begins.
_BEGIN_SECONDS = 10.0
# Of the lease, so that no other worker gives up a row that is still being sent.
_LONGEST = 0.8
_CODES = frozenset(message.name for message in MESSAGES if message.priority == "code")


class NotBegun(Exception):  # noqa: N818 - it is not the gateway's fault
    """The message was not begun to be sent, and the gateway had no part in it."""


class Sender:
    """What attempts need. Once `stopping` is set, none is begun any more."""

    def __init__(
        self, portal: Portal, gateways: Gateways, render: Render, clock: Callable[[], datetime], ledger: Ledger
    ) -> None:
        self._portal = portal
        self._gateways = gateways
        self._render = render
        self._clock = clock
        self._ledger = ledger
        self.stopping = False

    def may_repeat(self, message: str) -> bool:
        """Whether a message may go out again although a gateway may have it."""
        return message in _CODES and self._portal.settings.sms_unknown == "next"

    async def attempt(self, row: ClaimedRow, gateway: Gateway, place: object) -> None:
        """Send a claimed row by `gateway`, or by those after it; `place` is its place in that one's window."""
        past, tried, last_choice = names(row["past"]), dict[str, DeliveryFailed](), names(row["last_choice"])
        try:
            outgoing = self._opened(row)
            while True:
                came = await self._by(gateway, row, outgoing, past)
                _tell(gateway, row, came)
                if isinstance(came, Taken):
                    gateway.finish(place, None)
                    await self._note(row, self._handed_over(gateway, came))
                    return
                gateway.finish(place, came)
                tried[gateway.name] = came
                if came.follows == "unknown":
                    past.append(gateway.name)
                    if not self.may_repeat(row["message"]):
                        break
                found = next_gateway(self._gateways[row["kind"]], {*tried, *past}, last_choice)
                if found is None:
                    break
                gateway, place = found, found.take()
        except DeliveryFailed as failure:
            log.log(_level(failure), "message %d %s: %s", row["id"], row["message"], failure.reason)
            await self._note(row, self._followed(row, past, [failure], set()))
        except NotBegun as reason:
            await self._note(row, PutBack(",".join(past), str(reason), None))
        else:
            await self._note(row, self._followed(row, past, list(tried.values()), {*tried}))
        finally:
            gateway.leave(place)

    async def wait(self, row: ClaimedRow) -> None:
        """Put a row back for which no gateway is to be had."""
        past = row["past"]
        next_at = self._clock() + timedelta(seconds=SOON) if past else None
        await self._note(row, PutBack(past, "no other gateway takes messages now", next_at))

    def _opened(self, row: ClaimedRow) -> Outgoing:
        try:
            posted = self._portal.sealing.unseal(row["sealed"])
        except ValueError:
            raise DeliveryFailed("refused", "sealed with another KABINET_SECRET", operator=True) from None
        try:
            language = posted.get("language", "ru")
            content = self._render(row["message"], posted["values"], language)
        except Exception as error:  # noqa: BLE001 - one bad row must not hold up the others
            # An error in a template: the row waits until it is corrected. Only the type: its text may quote the values.
            raise DeliveryFailed("later", f"its templates fail: {type(error).__name__}", operator=True) from None
        reference = reference_of(self._portal, row["id"], row["created_at"])
        minutes = math.ceil((row["expires_at"] - self._clock()).total_seconds() / 60)
        return Outgoing(
            row["id"], reference, row["created_at"], posted["to"], content, language, max(1, minutes), row["message"],
            is_call=row["kind"] == "call",
        )  # fmt: skip

    async def _by(
        self, gateway: Gateway, row: ClaimedRow, outgoing: Outgoing, past: Sequence[str]
    ) -> Taken | DeliveryFailed:
        async def begin() -> None:
            await self._begin(row, Begun(gateway.name, ",".join(past)))

        return await handed(gateway, row["kind"], outgoing, begin)

    def _handed_over(self, gateway: Gateway, taken: Taken) -> HandedOver:
        named = id_hash(self._portal, gateway.name, taken.id) if taken.id else ""
        return HandedOver("accepted" if taken.receipt else "sent", named, taken.cost_kopecks)

    async def _begin(self, row: ClaimedRow, change: Begun) -> None:
        if self.stopping:
            raise NotBegun("the worker stopped")
        try:
            async with asyncio.timeout(_BEGIN_SECONDS):
                if await self._ledger.note(row["id"], row["attempts"], change):
                    return
        except TimeoutError:
            raise NotBegun("the database did not answer") from None
        raise NotBegun("it was given up meanwhile")

    def _followed(
        self, row: ClaimedRow, past: Sequence[str], failures: Sequence[DeliveryFailed], tried: set[str]
    ) -> Change:
        """What becomes of a row that was not sent: `tried` by these gateways, perhaps taken by those of `past`."""
        left = {gateway.name for gateway in self._gateways[row["kind"]]} - {*past}
        refused = all(failure.follows == "refused" for failure in failures if failure.follows != "unknown")
        # Refused by every gateway that could still get it, or for a reason of ours.
        ended = refused and (left <= tried or not tried)
        reason = failures[-1].reason
        if past and (ended or not left or not self.may_repeat(row["message"])):
            return Settled("unknown", reason)
        if ended:
            return Settled("failed", reason)
        later = next((failure for failure in failures if failure.follows == "later"), failures[-1])
        next_at = self._next_at(row, {failure.follows for failure in failures})
        if next_at is not None and next_at >= row["expires_at"]:
            return Settled("expired", later.reason)
        return PutBack(",".join(past), later.reason, next_at)

    def _next_at(self, row: ClaimedRow, follows: set[str]) -> datetime | None:
        if follows == {"away"}:
            # As soon as a gateway takes messages again: how long that is, its health says.
            return None
        seconds = PAUSES[min(row["attempts"], len(PAUSES)) - 1] if follows & {"later", "refused"} else SOON
        if row["message"] in _CODES:
            seconds = min(seconds, CODE_PAUSE)
        return self._clock() + timedelta(seconds=seconds)

    async def _note(self, row: ClaimedRow, change: Change) -> None:
        if isinstance(change, Settled) and change.state == "expired":
            log.warning("message %d: expired unsent", row["id"])
        if not await self._ledger.note(row["id"], row["attempts"], change):
            log.warning("message %d: its receipt came meanwhile, or it was given up", row["id"])
            return
        if isinstance(change, Settled | HandedOver):
            ENDED.labels(row["kind"], change.state).inc()
        if isinstance(change, Settled):
            log_undelivered_request(self._portal, row["message"], row["sealed"])


async def handed(gateway: Gateway, kind: str, outgoing: Outgoing, begin: Begin) -> Taken | DeliveryFailed:
    """What comes of handing a message to a gateway. Of exceptions only `NotBegun`, of `begin`, gets through."""
    begun = False

    async def note_begin() -> None:
        nonlocal begun
        await begin()
        begun = True

    try:
        async with asyncio.timeout(LEASE[kind].total_seconds() * _LONGEST):
            return await gateway.channel.send(outgoing, note_begin)
    except NotBegun:
        raise
    except DeliveryFailed as failure:
        return failure
    except TimeoutError:
        return DeliveryFailed("unknown" if begun else "away", "it took too long")
    except Exception as error:  # noqa: BLE001 - one bad row must not hold up the others
        # An error in a channel. Only the type: its text may quote the message.
        what = f"{type(error).__name__} in the channel"
        return DeliveryFailed("unknown" if begun else "away", what, operator=True)


def _tell(gateway: Gateway, row: ClaimedRow, came: Taken | DeliveryFailed) -> None:
    ATTEMPTS.labels(gateway.name, "taken" if isinstance(came, Taken) else came.follows).inc()
    if isinstance(came, Taken):
        log.info("message %d %s by %s: sent", row["id"], row["message"], gateway.name)
    else:
        said = (row["id"], row["message"], gateway.name, came.reason)
        log.log(_level(came), "message %d %s by %s: %s", *said)


def names(past: str) -> list[str]:
    return [name for name in past.split(",") if name]


def _level(failure: DeliveryFailed) -> int:
    return logging.ERROR if failure.operator else logging.WARNING
