"""An honest sign-in: alone, and beside 40 connections of guesses from another address.

Run as `python -m tests.bench.crowded_sign_in`. The limits of guesses are out of the way, so that the queue in front of
Argon2 alone answers: with the default, and so long that it never refuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.journeys.server import running

_CONNECTIONS, _SECONDS = 40, 15.0
_SETTINGS = {
    "KABINET_TRUSTED_PROXIES": "127.0.0.1",
    "KABINET_SIGN_IN_TRIES": "1000000",
    "KABINET_SIGN_IN_TRIES_ANYWHERE_HOUR": "1000000",
}
_HEADERS = {"Sec-Fetch-Site": "same-origin"}


async def _guess(url: str, statuses: Counter[int]) -> None:
    headers = {**_HEADERS, "X-Forwarded-For": "203.0.113.7"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for n in itertools.count():
            login = f"kk{id(client)}{n}"
            answer = await client.post("/sign-in/login", data={"login": login, "password": "Qwerty12345"})
            statuses[answer.status_code] += 1


async def _sign_ins(url: str) -> tuple[list[float], Counter[int]]:
    """An unknown login costs the work of a right one."""
    times, statuses = [], Counter[int]()
    until = time.perf_counter() + _SECONDS
    headers = {**_HEADERS, "X-Forwarded-For": "198.51.100.1"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for n in itertools.count():
            began = time.perf_counter()
            answer = await client.post("/sign-in/login", data={"login": f"honest{n}", "password": "Qwerty12345"})
            times.append((time.perf_counter() - began) * 1000)
            statuses[answer.status_code] += 1
            if time.perf_counter() > until:
                return times, statuses
            await asyncio.sleep(0.05)
    raise AssertionError


async def _measure(url: str, title: str) -> None:
    for connections in (0, _CONNECTIONS):
        guesses = Counter[int]()
        flood = [asyncio.ensure_future(_guess(url, guesses)) for _ in range(connections)]
        times, statuses = await _sign_ins(url)
        for task in flood:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*flood, return_exceptions=True)
        print(  # noqa: T201 - a script
            f"{title}, {connections:>2} guessing: median {statistics.median(times):6.1f} ms,"
            f" longest {max(times):6.1f} ms, {dict(statuses)}; guesses {dict(guesses)}",
            flush=True,
        )


def main() -> None:
    for title, queue in (("a queue of 32", "32"), ("no bound", "1000000")):
        with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
            folder = Path(name)
            settings = {**_SETTINGS, "KABINET_PASSWORD_QUEUE": queue}
            with running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, **settings) as server:
                asyncio.run(_measure(server.url, title))


if __name__ == "__main__":
    main()
