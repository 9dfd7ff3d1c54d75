"""Use cases put their messages here, inside their own transaction; domain/delivery.py sends them."""

from __future__ import annotations

from datetime import datetime, timedelta

from db import outbox
from domain.messages import Message
from domain.portal import Portal


async def post(portal: Portal, message: Message, to: str, now: datetime) -> None:
    """Leave `message` for `to` (E.164 or an e-mail address); it is encrypted until it is sent."""
    sealed = portal.sealing.seal({"to": to, "values": message.values()})
    await outbox.put(message.kind, message.name, sealed, now, now + timedelta(seconds=message.lifetime))
