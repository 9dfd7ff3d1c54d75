"""HTTP/1.1 over kept connections, with as little work as possible: the driver must not be what is measured."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

# What a browser sends over https.
_HEADERS = (
    "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: ru-RU,ru;q=0.9\r\n"
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)([^\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_BODILESS = {204, 304}


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        found = _LOCATION.search(self.head)
        return found[1].decode() if found else ""


def request_bytes(port: int, path: str, cookies: str = "", form: dict[str, str] | None = None) -> bytes:
    """A GET, or with `form` a POST, as a browser sends it."""
    method, more, body = "GET", "", b""
    if form is not None:
        method, body = "POST", urlencode(form).encode()
        more = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    more += f"Cookie: {cookies}\r\n" if cookies else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{_HEADERS}{more}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One request at a time. `on_answer` is called with each answer."""

    def __init__(self) -> None:
        self.on_answer: Callable[[Answer], None] | None = None
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _whole_answer(self._received)
        if answer is not None:
            self._received = b""
            assert self.on_answer is not None, f"an answer that nobody has asked for: {answer.head!r}"
            self.on_answer(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._received:
            raise ConnectionError("the server closed the connection in the middle of an answer") from error

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._transport.write(request)

    async def ask(self, request: bytes) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.on_answer = answered.set_result
        self.send(request)
        async with asyncio.timeout(60):
            return await answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _whole_answer(received: bytes) -> Answer | None:
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, status = received[:end], int(received[9:12])
    length = _LENGTH.search(head)
    if length is None and status not in _BODILESS:
        raise ValueError(f"an answer without a length: {head!r}")
    body = received[end + 4 :]
    if length is not None and status not in _BODILESS and len(body) < int(length[1]):
        return None
    return Answer(status, head, body)


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


class Visitor:
    """A browser: one connection and its cookies."""

    def __init__(self, port: int, connection: Connection) -> None:
        self.port, self.connection = port, connection
        self.cookies: dict[str, str] = {}
        self.requests = 0

    async def get(self, path: str, status: int = 200) -> Answer:
        return await self._ask(path, None, status)

    async def post(self, path: str, form: dict[str, str], status: int = 303) -> Answer:
        return await self._ask(path, form, status)

    async def _ask(self, path: str, form: dict[str, str] | None, status: int) -> Answer:
        self.requests += 1
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.connection.ask(request_bytes(self.port, path, cookies, form))
        assert answer.status == status, (path, answer.status, answer.head, answer.location)
        for name, value, more in _COOKIE.findall(answer.head):
            if b"max-age=0" in more.lower().replace(b" ", b"") or not value.strip(b'"'):
                self.cookies.pop(name.decode(), None)
            else:
                self.cookies[name.decode()] = value.decode()
        return answer


async def visitor(port: int) -> Visitor:
    return Visitor(port, await connect(port))


async def throughput(port: int, path: str, seconds: float, connections: int = 32) -> tuple[int, float]:
    """One page for `seconds`, `connections` asking at once, each again as soon as it is answered.

    How many answers came, and in how many seconds.
    """
    request, until, answered = request_bytes(port, path), time.perf_counter() + seconds, 0
    finished = asyncio.Event()
    opened = [await connect(port) for _ in range(connections)]
    waiting = connections

    def repeat(connection: Connection) -> Callable[[Answer], None]:
        def again(answer: Answer) -> None:
            nonlocal answered, waiting
            assert answer.status == 200, answer.head
            answered += 1
            if time.perf_counter() < until:
                connection.send(request)
                return
            waiting -= 1
            if not waiting:
                finished.set()

        return again

    began = time.perf_counter()
    for connection in opened:
        connection.on_answer = repeat(connection)
        connection.send(request)
    async with asyncio.timeout(seconds + 60):
        await finished.wait()
    spent = time.perf_counter() - began
    for connection in opened:
        connection.close()
    return answered, spent
