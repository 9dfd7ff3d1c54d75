"""PostgreSQL behind a TCP proxy that falls silent when told to: it takes connections and passes nothing on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit


class SilentDatabase:
    """`dsn` goes through the proxy; `silent` holds back everything from then on, `speak()` lets it go on."""

    def __init__(self, database: str) -> None:
        parts = urlsplit(database)
        self._folder = parse_qs(parts.query)["host"][0]
        self._name = parts.path
        self._user = parts.username or ""
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.dsn = ""

    def silence(self) -> None:
        self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._keep(asyncio.current_task())
        await self._speaking.wait()
        there, back = await asyncio.open_unix_connection(f"{self._folder}/.s.PGSQL.5432")
        self._writers.append(back)
        for ends in ((reader, back), (there, writer)):
            self._keep(asyncio.create_task(self._pass_on(*ends)))

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                await self._speaking.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def behind_proxy(database: str) -> AsyncIterator[SilentDatabase]:
    proxy = SilentDatabase(database)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy.dsn = f"postgresql://{proxy._user}@127.0.0.1:{port}{proxy._name}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
