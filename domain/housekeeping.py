"""Rows whose time is over are removed once an hour, by every process: twice does no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from db import captchas, cards, email_links, one_time_codes, sessions, throttles
from db.engine import FAULTS

_EVERY = 3600
_log = logging.getLogger("kabinet.housekeeping")


async def sweep(now: datetime) -> None:
    for table in (sessions, one_time_codes, throttles, email_links, captchas, cards):
        await table.sweep(now)


async def sweep_forever(clock: Callable[[], datetime]) -> None:
    while True:
        try:
            await sweep(clock())
        except FAULTS as error:
            _log.warning("not swept, trying again in an hour: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
