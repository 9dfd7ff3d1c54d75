"""p99 of the welcome page: idle, with 50 sign-ins at once, and under floods of pictures and of spoken codes.

Run as `python -m tests.bench.welcome_page`. All in one run on one portal process, so that the ratios mean something;
the load comes from this process, on the same cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx

from domain.proofs import captcha, captcha_voice
from tests.journeys.server import running

_SECONDS = 8.0
_HEADERS = {"Sec-Fetch-Site": "same-origin"}
# Numbers out of the way: the throttles would answer in the place of Argon2 and of the drawing.
_SETTINGS = {
    "KABINET_TRACKS": "account,card",
    "KABINET_PASSWORD_QUEUE": "1000",
    "KABINET_SIGN_IN_TRIES": "1000000",
    "KABINET_SIGN_IN_TRIES_ANYWHERE_HOUR": "1000000",
    "KABINET_CAPTCHA_PICTURES_IP_HOUR": "1000000",
    "KABINET_CAPTCHA_VOICES_IP_HOUR": "1000000",
}


async def _page_times(url: str) -> list[float]:
    """Milliseconds of one page after the other, each a new reader's."""
    times = []
    until = time.perf_counter() + _SECONDS
    async with httpx.AsyncClient(base_url=url) as reader:
        while time.perf_counter() < until:
            began = time.perf_counter()
            (await reader.get("/")).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.01)
    return times


async def _sign_ins(url: str, done: list[int]) -> None:
    async with httpx.AsyncClient(base_url=url, headers=_HEADERS, timeout=60) as customer:
        await customer.post("/sign-in/phone", data={"phone": "+7 900 111-22-33"})
        while True:
            answer = await customer.post("/sign-in/password", data={"password": "not this one"})
            assert answer.status_code == 422, answer.status_code
            done.append(1)


async def _fetches(url: str, what: str, done: list[int]) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as visitor:
        page = (await visitor.get("/registration/card/card")).text
        found = re.search(r"/captcha/[^/]+/", page)
        assert found
        while True:
            (await visitor.get(found.group() + what)).raise_for_status()
            done.append(1)


@contextlib.asynccontextmanager
async def _load(many: int, work: Callable[[list[int]], Awaitable[None]]) -> AsyncIterator[list[int]]:
    done: list[int] = []
    tasks = [asyncio.ensure_future(work(done)) for _ in range(many)]
    await asyncio.sleep(1)
    done.clear()
    yield done
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _say(name: str, times: list[float], done: int, idle: float) -> float:
    p99 = statistics.quantiles(times, n=100)[98]
    print(  # noqa: T201 - a script
        f"{name:<28} {len(times):>5} pages, median {statistics.median(times):6.1f} ms, p99 {p99:6.1f} ms"
        + (f" = {p99 / idle:.1f} x idle, {done / _SECONDS:.0f} a second beside it" if idle else ""),
        flush=True,
    )
    return p99


async def _measure(url: str) -> None:
    idle = _say("idle", await _page_times(url), 0, 0)
    loads: list[tuple[str, int, Callable[[list[int]], Awaitable[None]]]] = [
        ("50 sign-ins at once", 50, lambda done: _sign_ins(url, done)),
        ("20 asking for pictures", 20, lambda done: _fetches(url, "picture.webp", done)),
        ("20 asking for spoken codes", 20, lambda done: _fetches(url, "voice.wav", done)),
    ]
    for name, many, work in loads:
        async with _load(many, work) as done:
            times = await _page_times(url)
        _say(name, times, len(done), idle)


def _cost(name: str, work: Callable[[str], bytes]) -> None:
    work("12345")
    began, rounds = time.process_time(), 50
    sizes = [len(work("12345")) for _ in range(rounds)]
    milliseconds = (time.process_time() - began) / rounds * 1000
    print(f"{name:<28} {milliseconds:6.1f} ms of CPU, {statistics.mean(sizes):,.0f} bytes")  # noqa: T201


def main() -> None:
    _cost("one picture", captcha.draw)
    _cost("one spoken code", captcha_voice.speak)
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        with running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, **_SETTINGS) as server:
            asyncio.run(_measure(server.url))


if __name__ == "__main__":
    main()
