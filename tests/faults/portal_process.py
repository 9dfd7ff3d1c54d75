"""The portal as it is run: a process of its own behind a socket that outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import re
import select
import signal
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from tests.browser import BILL, Browser, headers_of_a_browser, months_before
from tests.commands import LITESTAR, forked
from tests.conftest import SECRET

ROOT = Path(__file__).parents[2]


class PortalProcess:
    """`start()` and `kill()` at will: connections made meanwhile wait in the socket's queue."""

    def __init__(
        self, database: str, folder: Path, workers: int = 1, /, *, app: str = "app:create_app", **environment: str
    ) -> None:
        self._folder, self._app = folder, app
        self._workers = workers
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.log = folder / "portal.log"
        self._process: BaseProcess | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KABINET_")}
        self._environment = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "KABINET_LOG_LEVEL": "debug",
            "KABINET_DATABASE": database,
            "KABINET_SECRET": SECRET,
            "KABINET_PUBLIC_URL": self.base,
            **environment,
        }

    async def start(self) -> None:
        words = ["--app", self._app, "run", "--wc", str(self._workers)]
        streams = [self.log, self.log]
        self._process = await asyncio.to_thread(
            forked, LITESTAR, words, self._environment, self._folder, streams, self._socket
        )

    async def kill(self, number: int = signal.SIGKILL) -> None:
        """SIGKILL goes to the workers too, as a power cut would; any other signal to the command alone."""
        assert self._process is not None
        workers = [os.pidfd_open(worker) for worker in self.workers()]
        if number == signal.SIGKILL:
            os.killpg(self.pid, number)
        else:
            os.kill(self.pid, number)
        await asyncio.to_thread(self._process.join)
        # A worker that is still dying could take the next connection with it.
        for worker in workers:
            await asyncio.to_thread(select.select, [worker], [], [], 10)
            os.close(worker)

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """Their process numbers; none once the command has ended."""
        with contextlib.suppress(FileNotFoundError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    async def stop(self) -> None:
        if self._process is not None and self._process.is_alive():
            await self.kill()
        self._socket.close()

    async def answers(self) -> None:
        """Wait until it does."""
        async with httpx.AsyncClient(base_url=self.base, timeout=30) as http:
            assert (await http.get("/health/ready")).status_code == 200

    def browser(self, **more: Any) -> Browser:
        http = httpx.AsyncClient(base_url=self.base, headers=headers_of_a_browser(), timeout=30)
        browser = Browser(http, self._newest_code, **more)
        browser.forms["bill"] = {**BILL, "period": months_before(datetime.now(UTC), 1)}
        return browser

    async def _newest_code(self, _: str) -> str:
        found = re.search(r"Код (\d{6}) для", await self.outbox())
        assert found is not None
        return found[1]

    async def outbox(self) -> str:
        """/dev/outbox, as text."""
        async with httpx.AsyncClient(base_url=self.base, timeout=30) as http:
            return html.unescape((await http.get("/dev/outbox")).text)


@contextlib.asynccontextmanager
async def running_portal(
    database: str, folder: Path, workers: int = 1, /, *, app: str = "app:create_app", **environment: str
) -> AsyncIterator[PortalProcess]:
    portal = PortalProcess(database, folder, workers, app=app, **environment)
    await portal.start()
    try:
        yield portal
    finally:
        await portal.stop()
