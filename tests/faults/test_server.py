"""`litestar run` as the operator has it: workers, signals, slow clients, what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import httpx
import pytest

from db.engine import Engine, run
from routes import access_log
from routes.cli import serving
from settings import Settings
from tests.browser import STEPS, path_of
from tests.conftest import fill_registry
from tests.faults.portal_process import PortalProcess, running_portal
from tests.faults.test_double_press import PRESSES

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# Above any of the limits, below "for ever".
BOUND = 60


async def _answers(portal: PortalProcess) -> None:
    async with httpx.AsyncClient(base_url=portal.base, timeout=30) as http:
        assert (await http.get("/health/ready")).status_code == 200


def _ended(pids: list[int]) -> list[int]:
    return [os.pidfd_open(pid) for pid in pids]


async def _all_end(descriptors: list[int]) -> bool:
    gone = [bool((await asyncio.to_thread(select.select, [one], [], [], BOUND))[0]) for one in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    return all(gone)


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
        await _answers(portal)
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
        await _answers(portal)


BROKEN_BODIES = {
    "a chunk without a length": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nphone\r\n",
    "a chunk longer than it says": b"Transfer-Encoding: chunked\r\n\r\n2\r\nphone=1\r\n0\r\n\r\n",
    "a chunk of endless length": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nphone=1\r\n",
}


@sqlite_only
async def test_a_body_that_breaks_off_is_the_clients_fault(database: str, tmp_path: Path) -> None:
    """Anyone can send one: it is neither a 500 nor a line among the faults."""
    async with running_portal(database, tmp_path) as portal:
        await _answers(portal)
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
        await _answers(portal)
        await portal.kill(signal.SIGTERM)
        assert " ERROR " not in portal.log.read_text()


async def test_the_database_is_open_for_requests_whose_client_has_gone(database: str, tmp_path: Path) -> None:
    """The server waits for connections only, and what such a request has begun is ended by nobody else."""
    async with running_portal(database, tmp_path) as portal:
        await _answers(portal)
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
async def test_two_workers_answer_as_fast_as_one(database: str, tmp_path: Path) -> None:
    """Without TCP_NODELAY every answer waits for the client's delayed acknowledgement: 40 ms, a ratio near 100."""
    spent = {}
    for workers in (1, 2):
        (tmp_path / str(workers)).mkdir()
        async with running_portal(database, tmp_path / str(workers), workers) as portal:
            await _answers(portal)
            assert len(portal.workers()) == workers
            spent[workers] = await asyncio.to_thread(_median_of_fifty, portal)
    assert spent[2] < 20 * spent[1]


def _median_of_fifty(portal: PortalProcess) -> float:
    connection = HTTPConnection(portal.base.removeprefix("http://"), timeout=30)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        connection.request("GET", "/health/live")
        assert connection.getresponse().read() == b"alive\n"
        times.append(time.perf_counter() - began)
    connection.close()
    return median(times)


@pytest.mark.parametrize("workers", [1, 2])
async def test_sigterm_under_load_finishes_what_has_begun_and_leaves_no_process(
    database: str, tmp_path: Path, workers: int
) -> None:
    async with running_portal(database, tmp_path, workers) as portal:
        await _answers(portal)
        descriptors = _ended([portal.pid, *portal.workers()])
        port = int(portal.base.rpartition(":")[2])
        head = b"POST /sign-in/phone HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 16\r\n"
        head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        begun = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for _, writer in begun:
            writer.write(head + b"phone=")
        async with httpx.AsyncClient(base_url=portal.base, timeout=30) as http:
            await asyncio.gather(*(http.get("/") for _ in range(20)))
        ending = asyncio.create_task(portal.kill(signal.SIGTERM))
        await asyncio.sleep(1)
        assert not ending.done()
        for _, writer in begun:
            writer.write(b"9123456789")
        for reader, writer in begun:
            assert (await asyncio.wait_for(reader.read(), BOUND)).startswith(b"HTTP/1.1 303")
            writer.close()
        await asyncio.wait_for(ending, BOUND)
        assert await _all_end(descriptors)


@sqlite_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_worker_outlives_the_command(database: str, tmp_path: Path, number: int) -> None:
    async with running_portal(database, tmp_path, 2) as portal:
        await _answers(portal)
        descriptors = _ended([portal.pid, *portal.workers()])
        os.kill(portal.pid, number)
        assert await _all_end(descriptors)


@sqlite_only
async def test_a_worker_that_dies_is_replaced(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path, 2) as portal:
        await _answers(portal)
        first = portal.workers()
        os.kill(first[0], signal.SIGKILL)
        async with asyncio.timeout(BOUND):
            while len(portal.workers()) < 2 or first[0] in portal.workers():  # noqa: ASYNC110 - nothing tells when a process begins
                await asyncio.sleep(0.05)
        for _ in range(10):
            await _answers(portal)


async def test_a_registration_over_two_workers(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    """Each step pressed eight times at once over both of them, on SQLite too: they take turns by the file's lock."""
    await fill_registry(settings, datetime.now(UTC))
    async with running_portal(settings.database, tmp_path, 2) as portal:
        browser = portal.browser()
        for step in STEPS:
            form = await browser.form_of(step)
            answers = await asyncio.gather(*(browser.post(path_of(step), form) for _ in range(PRESSES)))
            assert {answer.status_code for answer in answers} == {303}
            for answer in answers:
                assert (await browser.follow(answer)).status_code == 200
        await browser.http.aclose()
    for table in ("customers", "consents", "customer_accounts"):
        assert len(await run(f"SELECT id FROM {table}")) == 1, table
