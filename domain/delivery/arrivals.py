"""Receipts that have come to this process and are not written down yet."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from domain.delivery.channels.channel import Receipt


@dataclass(frozen=True, eq=False)
class Arrival:
    """`at` is monotonic, in seconds; `looked_at` is set once it has been looked at."""

    gateway: str
    receipt: Receipt
    at: float
    looked_at: asyncio.Future[None]

    def seen(self) -> None:
        if not self.looked_at.done():
            self.looked_at.set_result(None)


class Arrivals:
    def __init__(self) -> None:
        self._new: list[Arrival] = []
        self._came = asyncio.Event()

    async def take(self, gateway: str, receipt: Receipt) -> None:
        """Returns once all that follows from it is committed, or nothing follows from it yet."""
        loop = asyncio.get_running_loop()
        arrival = Arrival(gateway, receipt, loop.time(), loop.create_future())
        self._new.append(arrival)
        self._came.set()
        await arrival.looked_at

    async def next(self, at_most: int, seconds: float | None) -> list[Arrival]:
        """What has come since the last call: at least one, unless as many `seconds` have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._came.wait()
        some, self._new = self._new[:at_most], self._new[at_most:]
        if not self._new:
            self._came.clear()
        return some
