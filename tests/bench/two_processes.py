"""Sign-ins a second on PostgreSQL, with two processes of the portal against one. Argon2 as dear as it is.

One process has a core of its own; two have two. On a machine of two cores the driver and PostgreSQL take their part
of the second, which bounds the ratio: the CPU that a sign-in takes of the portal, beside it, does not depend on that.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from pathlib import Path

from tests.bench import journeys, seed, servers
from tests.bench.cheap_passwords import DEAR, PASSWORD
from tests.bench.driver import visitor
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.postgres import postgres
from tests.bench.processes import cpu_seconds
from tests.bench.servers import Running

_AT_ONCE = 24


class SignIns:
    """Sign-ins a second; `cost` keeps the milliseconds of CPU of one."""

    def __init__(self, server: Running, seconds: float) -> None:
        self._server, self._seconds = server, seconds
        self._places = itertools.count()
        self.costs: list[float] = []

    async def __call__(self) -> float:
        before, began = cpu_seconds(self._server.pid), time.perf_counter()
        done = sum(await asyncio.gather(*(self._walk(began + self._seconds) for _ in range(_AT_ONCE))))
        self.costs.append((cpu_seconds(self._server.pid) - before) * 1000 / done)
        return done / (time.perf_counter() - began)

    async def _walk(self, until: float) -> int:
        done = 0
        while not done or time.perf_counter() < until:
            # On a new connection: the kernel gives it to one of the processes.
            customer = await visitor(self._server.port)
            await journeys.sign_in_at_portal(customer, next(self._places))
            customer.connection.close()
            done += 1
        return done


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name, postgres(Path(name)) as database:
        folder = Path(name)
        seed.fill(database, seed.SIGNING_IN, DEAR.hash(PASSWORD))
        with (
            servers.portal(database, folder, mode=scale.mode) as one,
            servers.portal(database, folder, mode=scale.mode, workers=2, pinned=False) as two,
        ):
            of_two, of_one = SignIns(two, scale.seconds), SignIns(one, scale.seconds)
            rounds = asyncio.run(by_turns(scale.rounds, of_two, of_one))
    costs = list(zip(of_two.costs[1:], of_one.costs[1:], strict=True))
    cores = f"{os.cpu_count()} cores"
    return [
        compared("processes", f"sign-ins on PostgreSQL, two processes ({cores})", "sign-ins/s", "one", rounds, "≥ 1.8"),
        compared("processes-cpu", "the same, CPU of a sign-in", "ms", "one", costs),
    ]
