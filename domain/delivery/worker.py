"""The loop around sending.py: it polls, goes on after database errors, and stops without losing what it sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from domain.delivery.channels import Channels
from domain.delivery.sending import AT_ONCE, Render, deliver_due
from domain.portal import Portal

T = TypeVar("T")

log = logging.getLogger("kabinet.delivery")

POLL_SECONDS = 0.5
LONGEST_PAUSE = 30.0
# How long a worker that stops waits for what it is sending: longer than a channel waits for an answer. If the process
# is killed sooner (by Docker after 10 s), the row ends as `unknown`.
SHUTDOWN_SECONDS = 20.0


async def run_forever(portal: Portal, channels: Channels, render: Render, clock: Callable[[], datetime]) -> None:
    """Deliver until cancelled; what is being sent then is finished first, within `SHUTDOWN_SECONDS` seconds.

    Returns at once where both kinds are `outbox:`. Close the channels only after it has ended.
    """
    # Each kind by itself: a mail server that hangs does not delay SMS.
    async with asyncio.TaskGroup() as kinds:
        for kind, ways in channels.items():
            if ways:
                kinds.create_task(_keep_delivering(portal, {kind: ways}, render, clock))


async def _keep_delivering(portal: Portal, channels: Channels, render: Render, clock: Callable[[], datetime]) -> None:
    pause = POLL_SECONDS
    while True:
        try:
            claimed = await _to_its_end(deliver_due(portal, channels, render, clock()))
            pause = 0.0 if claimed == AT_ONCE else POLL_SECONDS
        except Exception as error:  # noqa: BLE001 - a worker goes on after any database error
            pause = min(max(pause, POLL_SECONDS) * 2, LONGEST_PAUSE)
            # Only the database fails here, and its messages hold no personal data in the clear.
            reason = str(error).partition("\n")[0]
            log.error("delivery waits %g s: %s: %s", pause, type(error).__name__, reason)
        await asyncio.sleep(pause)


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Let `work` finish, within `SHUTDOWN_SECONDS` seconds, even when the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=SHUTDOWN_SECONDS)
        raise
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
