"""p99 of the welcome page: idle, and beside 50 sign-ins, pictures and spoken codes; Argon2 as dear as it is.

One reader opens a page every 10 ms on a connection of its own; portal and load run by turns, so that the ratio is of
the same minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.bench import journeys, seed, servers
from tests.bench.cheap_passwords import DEAR, PASSWORD
from tests.bench.driver import Visitor, connect, request_bytes, visitor
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.processes import cpu_seconds
from tests.bench.references.least import SCHEMA
from tests.bench.servers import Running

_BETWEEN = 0.01
# Seconds of CPU within 0.3 s, of a server that has nothing to do.
_IDLE_CPU = 0.03
_CAPTCHA = re.compile(rb"/captcha/[^/\"]+/")
Work = Callable[[Visitor, int], Awaitable[None]]


async def _p99(port: int, seconds: float) -> float:
    """Milliseconds."""
    times: list[float] = []
    connection, request = await connect(port), request_bytes(port, "/")
    until = time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < until:
        began = time.perf_counter()
        assert (await connection.ask(request)).status == 200
        times.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(_BETWEEN)
    connection.close()
    return statistics.quantiles(times, n=100, method="inclusive")[98]


@contextlib.asynccontextmanager
async def _load(port: int, many: int, work: Work) -> AsyncIterator[None]:
    places = itertools.count()

    async def repeat() -> None:
        customer = await visitor(port)
        try:
            while True:
                customer.cookies.clear()
                await work(customer, next(places))
        finally:
            customer.connection.close()

    tasks = [asyncio.ensure_future(repeat()) for _ in range(many)]
    try:
        # The queue in front of the work fills first.
        await asyncio.sleep(0.5)
        yield
    finally:
        failed = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in failed:
            task.result()


async def _beside(server: Running, many: int, work: Work, seconds: float) -> float:
    async with _load(server.port, many, work):
        p99 = await _p99(server.port, seconds)
    await _settled(server.pid)
    return p99


async def _settled(pid: int) -> None:
    """What was asked for goes on being worked on after those who asked have gone."""
    async with asyncio.timeout(60):
        before = -1.0
        while cpu_seconds(pid) - before > _IDLE_CPU:
            before = cpu_seconds(pid)
            await asyncio.sleep(0.3)


async def _sign_in(customer: Visitor, place: int) -> None:
    await customer.post("/sign-in/login", {"login": seed.login(place), "password": PASSWORD})


async def _sign_in_at_least(customer: Visitor, place: int) -> None:
    await customer.post("/sign-in", {"login": seed.login(place), "password": PASSWORD})


async def _fetcher(port: int, what: str) -> Work:
    """Fetches the picture of one page, or its spoken code, again and again."""
    connection = await connect(port)
    # Without compression.
    page = await connection.ask(f"GET /registration/card/card HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    connection.close()
    found = _CAPTCHA.search(page.body)
    assert found, page.head
    path = found[0].decode() + what

    async def fetch(customer: Visitor, _: int) -> None:
        await customer.get(path)

    return fetch


async def _measure(portal: Running, least: Running, scale: Scale) -> list[Figure]:
    loads: list[tuple[str, str, Running, int, Work, str]] = [
        ("p99-sign-ins", "50 sign-ins", portal, 50, _sign_in, "≤ 2"),
        ("p99-least-sign-ins", "50 sign-ins, of least", least, 50, _sign_in_at_least, ""),
        ("p99-spoken", "20 × spoken picture codes", portal, 20, await _fetcher(portal.port, "voice.wav"), "≤ 2"),
        ("p99-pictures", "20 × pictures", portal, 20, await _fetcher(portal.port, "picture.webp"), ""),
    ]
    figures = []
    for name, title, server, many, work, wanted in loads:
        rounds = await by_turns(
            scale.rounds,
            lambda server=server, many=many, work=work: _beside(server, many, work, scale.seconds),  # type: ignore[misc]
            lambda server=server: _p99(server.port, scale.seconds),  # type: ignore[misc]
        )
        figures.append(compared(name, f"welcome page's p99 beside {title}", "ms", "idle", rounds, wanted))
    return figures


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database, of_least = f"sqlite:{folder / 'kabinet.sqlite'}", folder / "least.sqlite"
        password_hash = DEAR.hash(PASSWORD)
        seed.fill(database, seed.SIGNING_IN, password_hash)
        seed.fill_least(of_least, SCHEMA, seed.SIGNING_IN, password_hash)
        with (
            servers.portal(database, folder, mode=scale.mode) as portal,
            servers.least(folder, of_least, 5_000, "dear") as least,
        ):
            asyncio.run(journeys.static_files(portal.port))
            return asyncio.run(_measure(portal, least, scale))
