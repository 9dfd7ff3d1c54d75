"""Where the time of a request goes, for docs/performance.md: `python -m tests.bench.where_time_goes [requests]`.

In this process, without any HTTP server: the application is called as a server calls it, on SQLite. The CPU of a
request is measured without a profiler; cProfile, which makes every call dearer, only says how the event loop's thread
divides it. A function whose file or name does not say what it is for (the standard
library, what is written in C) counts as those that called it.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app import create_app
from settings import Settings
from tests.bench import seed
from tests.bench.cheap_passwords import CHEAP, PASSWORD
from tests.bench.figures import table_of
from tests.bench.servers import environment

# The first that is part of a file's name, or of what a C function is called, says what the time is spent on.
_AREAS: Mapping[str, tuple[str, ...]] = {
    "access log": ("/logging/", "routes/access_log", "routes/logs"),
    "compression": ("brotli", "middleware/compression", "zlib", "gzip"),
    "translation": ("gettext", "babel", "routes/catalogue", "routes/language"),
    "templates": ("jinja2", "<template>", "/templates/", "markupsafe", "_speedups", "routes/templates", "partials/"),
    "encryption and hashes": ("cryptography", "domain/sealing", "hmac", "hashlib", "argon2", "base64", "openssl"),
    "database": ("piccolo", "aiosqlite", "sqlite3", "asyncpg", "kabinet/db", "/db/"),
    "forms and cookies": ("routes/forms", "pydantic", "multipart", "routes/cookies", "http/cookies", "phonenumbers"),
    "headers": ("routes/headers", "datastructures/headers", "multidict"),
    "Litestar": ("litestar", "msgspec"),
    "event loop": ("asyncio", "selectors", "concurrent", "select.epoll"),
    "the portal's own code": ("/routes/", "/domain/", "app.py", "settings.py"),
}
_OTHER = "other"
# How many callers up: the rest is a circle.
_DEPTH = 6
Ask = Callable[[], Awaitable[None]]


def _area(file: str, function: str) -> str | None:
    name = f"{file} {function}".lower()
    return next((area for area, parts in _AREAS.items() if any(part in name for part in parts)), None)


class Portal:
    """An application in its lifespan, asked without a server."""

    def __init__(self, application: Any, host: str) -> None:
        self._application, self._host = application, host

    async def ask(self, method: str, path: str, form: Mapping[str, str] | None = None, cookie: str = "") -> list[Any]:
        body = urlencode(form or {}).encode()
        headers = {
            "host": self._host, "accept-encoding": "gzip, deflate, br, zstd", "accept-language": "ru-RU,ru;q=0.9",
            "sec-fetch-site": "same-origin", "user-agent": "Mozilla/5.0", "accept": "text/html",
        }  # fmt: skip
        if form is not None:
            headers |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        if cookie:
            headers["cookie"] = cookie
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000), "extensions": {}, "state": {},
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        return sent


async def _cpu(ask: Ask, requests: int) -> tuple[float, float, float]:
    """Milliseconds of one request: by the clock, CPU of the event loop's thread, CPU of all others."""
    walls, threads, everything = time.perf_counter(), time.thread_time(), time.process_time()
    for _ in range(requests):
        await ask()
    spent = (time.perf_counter() - walls, time.thread_time() - threads, time.process_time() - everything)
    wall, own, whole = (seconds * 1000 / requests for seconds in spent)
    return wall, own, whole - own


async def _shares(ask: Ask, requests: int) -> dict[str, float]:
    """How the event loop's thread divides its time."""
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    for _ in range(requests):
        await ask()
    profile.disable()
    return shares_of(pstats.Stats(profile).stats)  # type: ignore[attr-defined]


def shares_of(stats: Mapping[Any, Any]) -> dict[str, float]:
    """Seconds by area, of what `pstats` has collected."""
    found: dict[str, float] = defaultdict(float)

    def count(function: Any, seconds: float, depth: int) -> None:
        file, _, name = function
        area = _area("" if file == "~" else file, name)
        callers = stats[function][4]
        whole = sum(through for _, _, _, through in callers.values())
        if area is not None or not whole or not depth:
            found[area or _OTHER] += seconds
            return
        for caller, (_, _, _, through) in callers.items():
            count(caller, seconds * through / whole, depth - 1)

    for function, (_, _, own, _, _) in stats.items():
        count(function, own, _DEPTH)
    return found


async def _told(title: str, ask: Ask, requests: int) -> str:
    await _cpu(ask, max(requests // 4, 1))
    wall, own, others = await _cpu(ask, requests)
    shares = await _shares(ask, requests)
    rows = [(title, "µs", "share"), ("---",) * 3]
    for area, seconds in sorted(shares.items(), key=lambda pair: -pair[1]):
        part = seconds / sum(shares.values())
        rows.append((area, f"{part * own * 1000:,.0f}", f"{part:.0%}"))
    rows.append(("event loop's thread, CPU", f"{own * 1000:,.0f}", "100%"))
    rows.append(("other threads, CPU", f"{others * 1000:,.0f}", ""))
    rows.append(("by the clock", f"{wall * 1000:,.0f}", ""))
    return table_of(rows)


async def _measure(application: Any, host: str, requests: int) -> None:
    portal = Portal(application, host)

    async def welcome() -> None:
        sent = await portal.ask("GET", "/")
        assert sent[0]["status"] == 200, sent[0]

    async def number() -> None:
        """A new session keeps the number, and nothing is sent."""
        sent = await portal.ask("POST", "/sign-in/phone", {"phone": seed.phone(5)})
        assert sent[0]["status"] == 303, sent[0]

    async with application.lifespan():
        for title, ask in (("GET / (the welcome page)", welcome), ("POST /sign-in/phone (keeps one number)", number)):
            print(await _told(title, ask, requests), end="\n\n", flush=True)  # noqa: T201 - a script


def main() -> None:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1000
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        database = f"sqlite:{Path(name) / 'kabinet.sqlite'}"
        seed.fill(database, 10, CHEAP.hash(PASSWORD))
        given = environment(database, 8000).items()
        named = {name[len("KABINET_") :].lower(): value for name, value in given if name.startswith("KABINET_")}
        portal = create_app(Settings(_env_file=None, **named))  # type: ignore[call-arg, arg-type]
        # The lines of the log are written, as under a server, but not onto the table.
        kept = os.dup(2)
        with (Path(name) / "log").open("wb") as log:
            os.dup2(log.fileno(), 2)
            try:
                asyncio.run(_measure(portal, "127.0.0.1:8000", requests))
            finally:
                os.dup2(kept, 2)


if __name__ == "__main__":
    main()
