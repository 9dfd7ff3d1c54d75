"""Use cases put their messages here, inside their own transaction; domain/delivery/sending.py sends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from db import outbox
from db.outbox import MessageRow
from domain.delivery.messages import Message
from domain.scope import Scope


async def post(scope: Scope, message: Message, to: str, language: str = "ru") -> int:
    """Leave `message` for `to` (E.164 or an e-mail address); it is encrypted until it is sent. Its number.

    `language` is that of the recipient, where the recipient is the client; nobody else's is known.
    """
    sealed = scope.seal({"to": to, "values": message.values(), "language": language})
    lifetime = message.lifetime
    seconds = getattr(scope.settings, lifetime) if isinstance(lifetime, str) else lifetime
    return await outbox.put(message.kind, message.name, sealed, scope.now, scope.now + timedelta(seconds=seconds))


async def newest(scope: Scope, messages: int) -> list[tuple[MessageRow, dict[str, Any] | None]]:
    """Rows, newest first, each with what was posted, as long as it has not been wiped."""
    rows = await outbox.newest(messages)
    return [(row, scope.unseal(row["sealed"]) if row["sealed"] else None) for row in rows]


async def withdraw_unless(message: int, wanted: bool) -> None:
    """Take back a message of this very transaction that is not `wanted`; nobody has seen it yet.

    For what must take the same statements whether or not something is sent.
    """
    await outbox.withdraw_unless(message, wanted)
