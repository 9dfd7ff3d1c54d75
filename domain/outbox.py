"""Use cases put their messages here, inside their own transaction; domain/delivery.py sends them."""

from __future__ import annotations

from datetime import datetime, timedelta

from db import outbox
from domain.messages import Message
from domain.portal import Portal


async def post(portal: Portal, message: Message, to: str, now: datetime, language: str = "ru") -> None:
    """Leave `message` for `to` (E.164 or an e-mail address); it is encrypted until it is sent.

    `language` is that of whoever it is for, where they are the caller; nobody else's is known.
    """
    sealed = portal.sealing.seal({"to": to, "values": message.values(), "language": language})
    await outbox.put(message.kind, message.name, sealed, now, now + timedelta(seconds=message.lifetime))
