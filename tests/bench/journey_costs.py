"""CPU of a registration and of a sign-in, Argon2 made cheap: against **least**, and a request against **page**."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import journeys, seed, servers
from tests.bench.cheap_passwords import CHEAP, PASSWORD
from tests.bench.driver import Visitor, throughput, visitor
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.pages import welcome_size
from tests.bench.processes import cpu_seconds
from tests.bench.references.least import SCHEMA
from tests.bench.servers import Running

# Customers at once: alone, most of the time would be that of threads that fall asleep and wake up.
_AT_ONCE = 8
# More registrations than either side does, over all figures, in a second of a round: each takes an account of its own.
_ACCOUNTS_A_SECOND = 6_000
# Each journey takes a number of its own.
Journey = Callable[[Visitor, int], Awaitable[None]]
_SIGN_INS = ("sign-in", "sign-in (page, POST, profile), CPU without Argon2", "≤ 3")


class Costs:
    """Milliseconds of CPU of a journey, and of one of its requests."""

    def __init__(self, server: Running, journey: Journey, seconds: float, files: list[str] | None = None) -> None:
        self._server, self._journey, self._seconds, self._files = server, journey, seconds, files or []
        self._places = itertools.count()
        self.of_requests: list[float] = []

    async def __call__(self) -> float:
        before, until = cpu_seconds(self._server.pid), time.perf_counter() + self._seconds
        walked = await asyncio.gather(*(self._walk(until) for _ in range(_AT_ONCE)))
        spent = (cpu_seconds(self._server.pid) - before) * 1000
        journeys_done, requests = sum(done for done, _ in walked), sum(asked for _, asked in walked)
        self.of_requests.append(spent / requests)
        return spent / journeys_done

    async def _walk(self, until: float) -> tuple[int, int]:
        """One customer after the other: how many, and their requests."""
        customer, done = await visitor(self._server.port), 0
        while not done or time.perf_counter() < until:
            customer.cookies.clear()
            await self._journey(customer, next(self._places))
            for path in self._files:
                await customer.get(path)
            done += 1
        customer.connection.close()
        return done, customer.requests


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database, of_least = f"sqlite:{folder / 'kabinet.sqlite'}", folder / "least.sqlite"
        password_hash = CHEAP.hash(PASSWORD)
        free = max(1_000, int(_ACCOUNTS_A_SECOND * scale.seconds * scale.rounds))
        seed.fill(database, seed.SIGNING_IN, password_hash, free)
        seed.fill_least(of_least, SCHEMA, seed.SIGNING_IN, password_hash, free)
        with servers.portal(database, folder, app=servers.CHEAP_APP, mode=scale.mode) as portal:
            size = asyncio.run(welcome_size(portal.port))
            with servers.least(folder, of_least, size) as least, servers.page(folder, size) as page:
                at_portal, at_least = journeys.code_at_portal(database), journeys.code_at_least(str(of_least))
                return [
                    *asyncio.run(_registrations(portal, least, page, scale, at_portal, at_least)),
                    *asyncio.run(_sign_ins(portal, least, scale)),
                ]


async def _registrations(
    portal: Running, least: Running, page: Running, scale: Scale,
    at_portal: journeys.ReadCode, at_least: journeys.ReadCode,
) -> list[Figure]:  # fmt: skip
    places = itertools.count()

    # Every registration takes a free account, whichever of the figures it is for.
    async def register(customer: Visitor, _: int) -> None:
        await journeys.register_at_portal(customer, next(places), at_portal)

    of_least = Costs(least, lambda one, place: journeys.register_at_least(one, place, at_least), scale.seconds)
    of_portal = Costs(portal, register, scale.seconds)
    whole = await by_turns(scale.rounds, of_portal, of_least)
    files = await journeys.static_files(portal.port)
    first_visits = await by_turns(scale.rounds, Costs(portal, register, scale.seconds, files), of_least)
    of_portal.of_requests.clear()
    of_page: list[float] = []

    async def page_cost() -> float:
        before = cpu_seconds(page.pid)
        answered, _ = await throughput(page.port, "/", scale.seconds)
        of_page.append((cpu_seconds(page.pid) - before) * 1000 / answered)
        return of_page[-1]

    await by_turns(scale.rounds, of_portal, page_cost)
    requests = list(zip(of_portal.of_requests[1:], of_page[1:], strict=True))
    title = "registration, CPU without Argon2"
    return [
        compared("registration-request", "a request of a registration, CPU", "ms", "page", requests, "≤ 4"),
        compared("registration", title, "ms", "least", whole, "≤ 3"),
        compared("registration-first-visit", f"{title}, with the files of a first visit", "ms", "least", first_visits),
    ]


async def _sign_ins(portal: Running, least: Running, scale: Scale) -> list[Figure]:
    name, title, wanted = _SIGN_INS
    of_least = Costs(least, journeys.sign_in_at_least, scale.seconds)
    files = await journeys.static_files(portal.port)
    kinds: list[tuple[str, str, Journey, list[str], str]] = [
        (name, title, journeys.sign_in_at_portal, [], wanted),
        (f"{name}-first-visit", f"{title}, with the files of a first visit", journeys.sign_in_at_portal, files, ""),
        (f"{name}-by-phone", "sign-in by phone (5 requests), CPU", journeys.sign_in_by_phone_at_portal, [], ""),
    ]
    return [
        compared(
            figure, said, "ms", "least",
            await by_turns(scale.rounds, Costs(portal, journey, scale.seconds, fetched), of_least), asked,
        )
        for figure, said, journey, fetched, asked in kinds
    ]  # fmt: skip
