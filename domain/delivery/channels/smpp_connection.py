"""Keeps one SMPP session bound: also while nothing is sent, for receipts come by it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from domain.delivery.channels.channel import DeliveryFailed
from domain.delivery.channels.smpp_session import SmppSession

# Between two attempts to connect while nothing is to be sent, seconds; the last one repeats. A message begins the next
# attempt at once: how often messages are tried, the gateway's health says.
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
# A session that ends sooner was none: a gateway may let us in only to hang up.
_LASTING = 30.0
_log = logging.getLogger("kabinet.delivery")


class SmppConnection:
    """`connect` raises `DeliveryFailed`; `name` is for the log."""

    def __init__(self, name: str, connect: Callable[[], Awaitable[SmppSession]]) -> None:
        self._name, self._connect = name, connect
        self.session: SmppSession | None = None
        self._failure = DeliveryFailed("away", "the gateway cannot be reached")
        # Set while it is known whether there is a connection; and to try again at once.
        self._known, self._wanted = asyncio.Event(), asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())

    async def ready(self) -> None:
        """Until there is a session. Raises `DeliveryFailed` where there is none to be had now."""
        if self.session is None:
            self._wanted.set()
            self._known.clear()
            await self._known.wait()
        if self.session is None:
            raise DeliveryFailed("away", self._failure.reason, operator=self._failure.operator)

    async def close(self) -> None:
        self._keeper.cancel()
        await asyncio.wait({self._keeper})
        if self.session is not None:
            await self.session.unbind()

    async def _keep(self) -> NoReturn:
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                self.session = await self._connect()
            except DeliveryFailed as failure:
                self._failure = failure
                _log.log(logging.ERROR if failure.operator else logging.WARNING, "%s: %s", self._name, failure.reason)
            self._known.set()
            self._wanted.clear()
            if self.session is not None:
                _log.info("%s: connected", self._name)
                await self.session.closed.wait()
                _log.warning("%s: the connection has ended", self._name)
                self.session = None
            failures = 0 if loop.time() - began >= _LASTING else failures + 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSES[min(failures, len(PAUSES)) - 1] if failures else 0):
                    await self._wanted.wait()
            self._known.clear()
