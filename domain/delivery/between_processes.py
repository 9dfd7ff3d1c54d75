"""Wakes a worker in another process: `KABINET_DELIVERY=separate`. Where it is not heard, the worker polls."""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn

from db.engine import bound
from db.unavailable import DatabaseUnavailableError
from domain.portal import Portal

_TOPIC = "kabinet_outbox"
_log = logging.getLogger("kabinet.delivery")


async def announce_forever(portal: Portal) -> NoReturn:
    """Tell workers elsewhere of every message that this process commits; of several at once, once."""
    posted = asyncio.Event()
    with portal.posted.telling(posted.set):
        while True:
            await posted.wait()
            posted.clear()
            try:
                await bound().announce(_TOPIC)
            except DatabaseUnavailableError as error:
                _log.warning("a message was not announced to the worker, which finds it by itself: %s", error)


async def listen_forever(portal: Portal) -> NoReturn:
    """Wake the worker of this process for what others have announced."""
    await bound().listen(_TOPIC, portal.posted)
    raise AssertionError("it listens until it is cancelled")
