"""The welcome page: requests a second and CPU, against **page**, and in development mode."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.bench import seed, servers
from tests.bench.cheap_passwords import CHEAP, PASSWORD
from tests.bench.driver import connect, throughput
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.processes import cpu_seconds
from tests.bench.servers import Running


async def welcome_size(port: int) -> int:
    """Bytes of the welcome page before compression."""
    connection = await connect(port)
    answer = await connection.ask(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    connection.close()
    return len(answer.body)


async def _rate_and_cpu(server: Running, seconds: float) -> tuple[float, float]:
    """Requests a second, and milliseconds of CPU of one."""
    before = cpu_seconds(server.pid)
    answered, spent = await throughput(server.port, "/", seconds)
    return answered / spent, (cpu_seconds(server.pid) - before) * 1000 / answered


async def _measure(portal: Running, page: Running, scale: Scale, title: str, name: str) -> list[Figure]:
    cpu: dict[Running, list[float]] = {portal: [], page: []}

    async def rate_of(server: Running) -> float:
        rate, milliseconds = await _rate_and_cpu(server, scale.seconds)
        cpu[server].append(milliseconds)
        return rate

    rates = await by_turns(scale.rounds, lambda: rate_of(portal), lambda: rate_of(page))
    costs = list(zip(cpu[portal][1:], cpu[page][1:], strict=True))
    return [
        compared(name, title, "requests/s", "page", rates, "≥ 1.0"),
        compared(f"{name}-cpu", f"{title}, CPU", "ms", "page", costs),
    ]


def measure(scale: Scale) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database = f"sqlite:{folder / 'kabinet.sqlite'}"
        seed.fill(database, 10, CHEAP.hash(PASSWORD))
        titles = {"production": ("page", "welcome page"), "development": ("page-dev", "welcome page, development")}
        for mode, (figure, title) in titles.items():
            with servers.portal(database, folder, mode=mode) as portal:
                size = asyncio.run(welcome_size(portal.port))
                with servers.page(folder, size) as page:
                    figures += asyncio.run(_measure(portal, page, scale, title, figure))
    return figures
