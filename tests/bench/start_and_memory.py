"""Cold start, from exec to the first page, and memory after load: against **page**. Argon2 as dear as it is."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import journeys, seed, servers
from tests.bench.cheap_passwords import DEAR, PASSWORD
from tests.bench.driver import throughput, visitor
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.pages import welcome_size
from tests.bench.processes import memory_mib
from tests.bench.servers import Running

Start = Callable[[], contextlib.AbstractContextManager[Running]]
Measure = Callable[[Start, Scale], Awaitable[float]]
_CUSTOMERS = 100


async def _seconds_to_start(start: Start, _: Scale) -> float:
    """The database is there and up to date, and the files are in the system's cache: a restart."""
    began = time.perf_counter()
    with start():
        # Before the end of the block, which ends the server.
        return time.perf_counter() - began


async def _after_pages(start: Start, scale: Scale) -> float:
    with start() as server:
        await throughput(server.port, "/", scale.seconds)
        return memory_mib(server.pid)


async def _after_sign_ins(start: Start, scale: Scale) -> float:
    """After the same load of pages, and customers who sign in by either way, eight at once."""
    with start() as server:
        await throughput(server.port, "/", scale.seconds)
        places = iter(range(_CUSTOMERS if scale.seconds >= 1 else 4))

        async def walk() -> None:
            customer = await visitor(server.port)
            for place in places:
                customer.cookies.clear()
                await journeys.sign_in_at_portal(customer, place)
                customer.cookies.clear()
                await journeys.sign_in_by_phone_at_portal(customer, place)
            customer.connection.close()

        await asyncio.gather(*(walk() for _ in range(8)))
        return memory_mib(server.pid)


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database = f"sqlite:{folder / 'kabinet.sqlite'}"
        seed.fill(database, seed.SIGNING_IN, DEAR.hash(PASSWORD))

        def portal() -> contextlib.AbstractContextManager[Running]:
            return servers.portal(database, folder, mode=scale.mode)

        with portal() as once:
            size = asyncio.run(welcome_size(once.port))

        def page() -> contextlib.AbstractContextManager[Running]:
            return servers.page(folder, size)

        def both(of_portal: Measure, of_page: Measure, rounds: int) -> list[tuple[float, float]]:
            return asyncio.run(by_turns(rounds, lambda: of_portal(portal, scale), lambda: of_page(page, scale)))

        starts = both(_seconds_to_start, _seconds_to_start, scale.starts)
        rounds = min(scale.rounds, 3)
        pages, sign_ins = both(_after_pages, _after_pages, rounds), both(_after_sign_ins, _after_pages, rounds)
        return [
            compared("start", "cold start", "s", "page", starts, "≤ 1.5"),
            compared("memory-pages", "memory after pages, one worker", "MiB", "page", pages, "≤ 1.4"),
            compared("memory", "memory after pages and sign-ins, one worker", "MiB", "page", sign_ins, "≤ 1.4"),
        ]
