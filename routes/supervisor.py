"""What systemd is told (sd_notify(3), sd_watchdog_enabled(3)): that a process is ready, and that its event loop turns.

Nothing where systemd has not asked for it. That a process ends is not told: a worker that is replaced would end the
service.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def supervised() -> AsyncIterator[None]:
    """Around the work of a process, once it can begin."""
    tell("READY=1")
    seconds = _seconds_between_beats()
    beating = asyncio.create_task(_beat_forever(seconds)) if seconds else None
    try:
        yield
    finally:
        if beating is not None:
            beating.cancel()


def tell(line: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        # An abstract name begins with a zero byte.
        systemd.connect("\0" + address[1:] if address.startswith("@") else address)
        systemd.sendall(line.encode())


async def _beat_forever(seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        tell("WATCHDOG=1")


def _seconds_between_beats() -> float:
    """A third of what may pass; 0 where nobody waits for it. WATCHDOG_PID is the command: its worker beats for it."""
    return int(os.environ.get("WATCHDOG_USEC") or 0) / 3_000_000
