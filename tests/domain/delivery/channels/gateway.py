"""An SMS gateway on loopback that speaks Kannel's `sendsms` and misbehaves when told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Behaviour = Literal["answer", "hang", "hang up"]


class Gateway:
    """Set `behaviour`, `status` and `body` before a message comes; `requests` holds each query that came."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = "answer"
        self.status = 202
        self.body = "0: Accepted for delivery"
        self.requests: list[dict[str, str]] = []
        self.targets: list[str] = []
        # Which messages hang, by their query, whatever the behaviour.
        self.hanging: Callable[[dict[str, str]], bool] = lambda _: False
        # Told of each moment of a conversation.
        self.moment: Callable[[str], None] = lambda _: None
        self.came = asyncio.Event()
        self.release = asyncio.Event()
        self.port = 0

    def dsn(self, password: str = "secret") -> str:
        return f"http+kannel://portal:{password}@127.0.0.1:{self.port}/cgi-bin/sendsms"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.moment("connected")
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            target = head.split(" ", 2)[1]
            self.targets.append(target)
            self.requests.append({name: values[0] for name, values in parse_qs(urlsplit(target).query).items()})
            self.came.set()
            self.moment("asked")
            if self.behaviour == "hang" or self.hanging(self.requests[-1]):
                await self.release.wait()
            elif self.behaviour == "answer":
                body = self.body.encode()
                writer.write(f"HTTP/1.1 {self.status} So\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
                self.moment("answered")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def running_gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        await gateway.talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        gateway.release.set()
        await asyncio.gather(*talks)
        await server.wait_closed()


async def begun() -> None:
    """For a channel alone: nobody writes down that it has begun."""


def closed_port() -> int:
    """A port of loopback where nobody listens."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
