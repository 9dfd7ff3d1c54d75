"""What an operator may do: have a message tried at once, and send one to see what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from db import outbox as rows
from db.engine import transaction
from domain.delivery import outbox
from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Taken
from domain.delivery.gateways import Gateway
from domain.delivery.messages import DeliveryTestEmail, DeliveryTestSms
from domain.delivery.receipts import id_hash, reference_of
from domain.delivery.sending import Render, handed
from domain.portal import Portal
from domain.scope import NOBODY, Scope

# How long a receipt is waited for. Seconds.
_RECEIPT_SECONDS, _POLL = 15.0, 0.3


@dataclass(frozen=True)
class Trial:
    """What came of a message that was sent to see whether a gateway works. Times are in seconds."""

    gateway: str
    failure: DeliveryFailed | None
    taken: Taken
    answered_after: float
    # Empty where no receipt has come.
    outcome: str = ""
    receipt_after: float = 0.0


async def try_gateway(
    portal: Portal, gateway: Gateway, kind: str, to: str, render: Render, clock: Callable[[], datetime]
) -> Trial:
    """Send one real message. Its row is a message like any other, so that receipts find it; no worker takes it."""
    loop, now = asyncio.get_running_loop(), clock()
    message = DeliveryTestSms(gateway.name) if kind == "sms" else DeliveryTestEmail(gateway.name)
    async with transaction():
        number = await outbox.post(Scope(portal, NOBODY, now), message, to)
        await rows.begin([number], 0, gateway.name, "", now)
    content = render(message.name, message.values(), "ru")
    outgoing = Outgoing(number, reference_of(portal, number, now), now, to, content, minutes=10, name=message.name)
    begun = loop.time()
    came = await handed(gateway, kind, outgoing, _nothing)
    answered_after = loop.time() - begun
    if isinstance(came, DeliveryFailed):
        await rows.settle([number], 0, "unknown" if came.follows == "unknown" else "failed", came.reason, clock())
        return Trial(gateway.name, came, Taken(), answered_after)
    handover: rows.Handover = {
        "id": number,
        "attempts": 0,
        "state": "accepted" if came.receipt else "sent",
        "gateway_id_hash": id_hash(portal, gateway.name, came.id) if came.id else "",
        "cost_kopecks": came.cost_kopecks,
    }
    await rows.hand_over([handover], clock())
    outcome = await _outcome(number) if came.receipt else ""
    return Trial(gateway.name, None, came, answered_after, outcome, loop.time() - begun)


async def _nothing() -> None:
    """It is written down already."""


async def _outcome(number: int) -> str:
    """What its receipt says, where it comes soon."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _RECEIPT_SECONDS
    while loop.time() < until:
        await asyncio.sleep(_POLL)
        state = await rows.state_of(number)
        if state not in {"accepted", None}:
            return str(state)
    return ""
