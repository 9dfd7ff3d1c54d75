"""The time that everything is compared with: the database's, so that two machines' clocks are never compared.

Asked of the database every few seconds and told in between by this machine's monotonic clock, which no correction of
its date moves. With SQLite there is one machine, and its clock is the database's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from db.engine import bound
from db.unavailable import DatabaseUnavailableError

_EVERY = 15.0
# An answer that took longer, seconds, is too inexact.
_LONGEST_TRIP = 1.0
_log = logging.getLogger("kabinet.clock")


class DatabaseClock:
    """Call it for the time; before it is set, and with SQLite, that is this machine's."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset: timedelta | None = None

    def __call__(self) -> datetime:
        if self._offset is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self._monotonic()) + self._offset

    async def set(self) -> None:
        """Ask the database. Raises what it raises."""
        asked = self._monotonic()
        told = await bound().time()
        answered = self._monotonic()
        if told is None:
            return
        if self._offset is None or answered - asked <= _LONGEST_TRIP:
            middle = datetime.fromtimestamp(0, UTC) + timedelta(seconds=(asked + answered) / 2)
            self._offset = told - middle

    async def keep_set(self) -> None:
        """Ask again and again; while the database is away the monotonic clock goes on."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.set()
            except DatabaseUnavailableError as error:
                _log.warning("the time was not asked: %s", error)
