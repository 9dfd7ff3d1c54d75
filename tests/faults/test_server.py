"""`litestar run` as the operator has it: workers, signals, what it leaves behind."""

from __future__ import annotations

import asyncio
import os
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
from settings import Settings
from tests.browser import STEPS, path_of
from tests.conftest import fill_registry
from tests.faults.portal_process import PortalProcess, running_portal
from tests.faults.test_double_press import PRESSES

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# Above any of the limits, below "for ever".
BOUND = 60


def _ended(pids: list[int]) -> list[int]:
    return [os.pidfd_open(pid) for pid in pids]


async def _all_end(descriptors: list[int]) -> bool:
    gone = [bool((await asyncio.to_thread(select.select, [one], [], [], BOUND))[0]) for one in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    return all(gone)


@sqlite_only
async def test_two_workers_answer_as_fast_as_one(database: str, tmp_path: Path) -> None:
    """Without TCP_NODELAY every answer waits for the client's delayed acknowledgement: 40 ms, a ratio near 100."""
    spent = {}
    for workers in (1, 2):
        (tmp_path / str(workers)).mkdir()
        async with running_portal(database, tmp_path / str(workers), workers) as portal:
            await portal.answers()
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
        await portal.answers()
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
        await portal.answers()
        descriptors = _ended([portal.pid, *portal.workers()])
        os.kill(portal.pid, number)
        assert await _all_end(descriptors)


@sqlite_only
async def test_a_worker_that_dies_is_replaced(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path, 2) as portal:
        await portal.answers()
        first = portal.workers()
        os.kill(first[0], signal.SIGKILL)
        async with asyncio.timeout(BOUND):
            while len(portal.workers()) < 2 or first[0] in portal.workers():  # noqa: ASYNC110 - nothing tells when a process begins
                await asyncio.sleep(0.05)
        for _ in range(10):
            await portal.answers()


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
