"""Clients that send slowly, break off, or go before their answer."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Any, cast

import pytest

from app import Served
from routes import access_log
from routes.cli import serving
from tests.asgi import http_scope
from tests.faults.portal_process import PortalProcess, running_portal

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# Above any of the limits, below "for ever".
BOUND = 60


async def _cut_after(portal: PortalProcess, begin: bytes, drop: bytes) -> bytes:
    """What comes back until the server closes, while `drop` is sent every half second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(portal.base.rpartition(":")[2]))
    writer.write(begin)

    async def drip() -> None:
        while drop:
            await asyncio.sleep(0.5)
            writer.write(drop)
            await writer.drain()

    dripping = asyncio.create_task(drip())
    try:
        return await asyncio.wait_for(reader.read(), BOUND)
    except ConnectionError:
        return b""
    finally:
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()


@sqlite_only
async def test_slow_and_silent_connections_are_cut(database: str, tmp_path: Path) -> None:
    assert (serving._HEADERS_MS, access_log.BODY_SECONDS) == (15_000, 30)
    async with running_portal(database, tmp_path, app="tests.faults.portal_in_a_hurry:create") as portal:
        await portal.answers()
        form = b"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        silent, idle, headers, body, chunks = await asyncio.gather(
            _cut_after(portal, b"", b""),
            _cut_after(portal, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", b""),
            _cut_after(portal, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a"),
            _cut_after(
                portal, b"POST /sign-in/phone HTTP/1.1\r\nHost: x\r\n" + form + b"Content-Length: 900\r\n\r\n", b"a"
            ),
            _cut_after(
                portal,
                b"POST /sign-in/phone HTTP/1.1\r\nHost: x\r\n" + form + b"Transfer-Encoding: chunked\r\n\r\n",
                b"1\r\na\r\n",
            ),
        )
        assert silent == b""
        assert idle.startswith(b"HTTP/1.1 200")
        assert not headers.startswith(b"HTTP/1.1 200")
        for slow in (body, chunks):
            assert re.match(rb"HTTP/1.1 (400|408)", slow) or slow == b""
        await portal.answers()


BROKEN_BODIES = {
    "a chunk without a length": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nphone\r\n",
    "a chunk longer than it says": b"Transfer-Encoding: chunked\r\n\r\n2\r\nphone=1\r\n0\r\n\r\n",
    "a chunk of endless length": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nphone=1\r\n",
}


@sqlite_only
async def test_a_body_that_breaks_off_is_the_clients_fault(database: str, tmp_path: Path) -> None:
    """Anyone can send one: it is neither a 500 nor a line among the faults."""
    async with running_portal(database, tmp_path) as portal:
        await portal.answers()
        form = b"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        for name, body in BROKEN_BODIES.items():
            for path in (b"/sign-in/phone", b"/registration/account/phone"):
                begin = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + form + body
                answer = await _cut_after(portal, begin, b"")
                assert re.match(rb"HTTP/1.1 4\d\d", answer), (name, answer[:40])
        gone = b"POST /sign-in/phone HTTP/1.1\r\nHost: x\r\n" + form + b"Content-Length: 900\r\n\r\nphone="
        _, writer = await asyncio.open_connection("127.0.0.1", int(portal.base.rpartition(":")[2]))
        writer.write(gone)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await portal.answers()
        await portal.kill(signal.SIGTERM)
        assert " ERROR " not in portal.log.read_text()


async def test_the_database_is_open_for_requests_whose_client_has_gone(database: str, tmp_path: Path) -> None:
    """The server waits for connections only, and what such a request has begun is ended by nobody else."""
    async with running_portal(database, tmp_path) as portal:
        await portal.answers()
        for n in range(4):
            body = f"login=nobody{n}&password=Qwerty12345".encode()
            writer = (await asyncio.open_connection("127.0.0.1", int(portal.base.rpartition(":")[2])))[1]
            writer.write(
                b"POST /sign-in/login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
            await asyncio.sleep(0.01)  # it has to begin before its client is gone
            writer.close()
        await portal.kill(signal.SIGTERM)
        said = portal.log.read_text()
        assert " ERROR " not in said, said


@sqlite_only
async def test_a_body_that_never_comes_keeps_no_process_from_ending(app: Served) -> None:
    """The server has closed its connections by then, and tells it to nobody who reads from one."""
    answers = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        answers.append(message.get("status"))

    request = asyncio.create_task(app(cast(Any, http_scope("POST", "/sign-in/login")), receive, send))
    await asyncio.sleep(0)
    assert app.under_way
    async with asyncio.timeout(10):  # half as long as other requests may take
        await app.idle()
    await request
    assert answers[0] in {400, 408}
