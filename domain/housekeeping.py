"""Rows whose time is over are removed once an hour, by every process: twice does no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from db import captchas, cards, email_links, one_time_codes, sessions, throttles
from db.engine import bound
from db.postgres import unhurried
from db.sqlite import SQLite

_EVERY = 3600.0
_log = logging.getLogger("kabinet.housekeeping")


async def sweep(now: datetime) -> None:
    with unhurried():
        for table in (sessions, one_time_codes, throttles, email_links, captchas, cards):
            await table.sweep(now)
    engine = bound()
    if isinstance(engine, SQLite) and not await engine.truncate_log():
        _log.info("the -wal file is in use; it is emptied with the next sweep")


async def sweep_forever(clock: Callable[[], datetime], every: float = _EVERY) -> None:
    """Outlives whatever goes wrong, and says so once, until it has gone well again."""
    said = ""
    while True:
        try:
            await sweep(clock())
            said = ""
        except Exception as error:  # noqa: BLE001 - nothing may end the loop; what is wrong is logged
            if type(error).__name__ != said:
                said = type(error).__name__
                _log.error("not swept, trying again every %g s: %s", every, said)
        await asyncio.sleep(every)
