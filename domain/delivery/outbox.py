"""Use cases put their messages here, inside their own transaction; domain/delivery/worker.py has them sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from db import outbox
from db.engine import after_commit
from db.outbox import MessageRow
from domain.delivery.messages import PRIORITIES, Message
from domain.scope import Scope


async def post(
    scope: Scope,
    message: Message,
    to: str,
    language: str = "ru",
    *,
    last_choice: Sequence[str] = (),
    customer: int | None = None,
) -> int:
    """Add `message` for `to` (E.164 or an e-mail address), encrypted until it is sent; returns the row's id.

    `language` is the client's where the client is the recipient; of other recipients none is known. `last_choice` are
    gateways by which the same did not arrive: it goes by another one, where there is one.
    `customer` is whose message it is, where that is known: the staff see what has become of it, and not what it says.
    """
    sealed = scope.seal({"to": to, "values": message.values(), "language": language})
    lifetime = message.lifetime
    seconds = getattr(scope.settings, lifetime) if isinstance(lifetime, str) else lifetime
    expires_at = scope.now + timedelta(seconds=seconds)
    row = await outbox.put(
        message.kind, message.name, sealed, scope.now, expires_at,
        priority=PRIORITIES.index(message.priority), last_choice=",".join(last_choice), customer=customer,
    )  # fmt: skip
    after_commit(scope.portal.posted)
    return row


async def newest(scope: Scope, messages: int) -> list[tuple[MessageRow, dict[str, Any] | None]]:
    """Rows, newest first, each with what was posted, as long as it has not been wiped."""
    rows = await outbox.newest(messages)
    return [(row, scope.unseal(row["sealed"]) if row["sealed"] else None) for row in rows]


async def withdraw_unless(message: int, wanted: bool) -> None:
    """Delete a message of this same transaction unless it is `wanted`; the worker has not seen it yet.

    For use cases that must take the same statements whether or not something is sent.
    """
    await outbox.withdraw_unless(message, wanted)
