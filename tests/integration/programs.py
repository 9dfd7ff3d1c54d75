"""Programs on loopback that run as long as a test needs them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

# Debian keeps servers there, and users without rights do not look there.
PATH = f"{os.environ['PATH']}:/usr/sbin"
SECONDS = 60.0


@contextlib.contextmanager
def running(words: Sequence[str], folder: Path, at_the_end: int = signal.SIGTERM) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its folder as its home; what it says goes to a log beside the others."""
    with (folder / f"{words[0]}.out").open("ab") as log:
        process = subprocess.Popen(words, cwd=folder, env={"PATH": PATH, "HOME": str(folder)}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(at_the_end)
        process.wait(SECONDS)


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Nothing tells a test what another program does."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)


async def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
