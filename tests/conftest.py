"""What tests share: the databases of tests/databases.py, the portal in this process, a browser, a clock."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_type_hints

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from db import outbox
from db.engine import Engine, bound, make_engine, opened, run
from domain import passwords
from domain.portal import Portal, make_portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.scope import NOBODY, Client, Scope
from domain.sealing import Sealing
from domain.values.phones import read_phone
from settings import Settings
from tests.browser import BASE, Browser, headers_of_a_browser, months_before
from tests.databases import database, postgres_uri, spare_databases, sqlite_folder, sqlite_template
from tests.running_apps import RunningApps, running_apps

# Fixtures of every test.
__all__ = ["database", "postgres_uri", "running_apps", "spare_databases", "sqlite_folder", "sqlite_template"]

SECRET = "a secret of the tests, long enough to be one"
_settings: dict[tuple[str, str], Settings] = {}


@pytest.fixture(autouse=True)
def _rows_are_what_their_type_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row that any test reads by `fetch`: these columns and no other, and the value of each of its type."""
    monkeypatch.setattr("db.engine._typed", checked_rows)


def checked_rows(kind: Any, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    fields = _fields_of(kind)
    for row in rows:
        assert row.keys() == fields.keys(), f"{kind.__name__}: {sorted(row.keys() ^ fields.keys())}"
        wrong = [name for name, value in row.items() if not isinstance(value, fields[name])]
        assert not wrong, f"{kind.__name__}: {[(name, row[name]) for name in wrong]}"
    return rows


@functools.cache
def _fields_of(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


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
    """Read and checked once for all tests with the same ones: that takes longer than a request."""
    key = (database, repr(sorted(changed.items())))
    if key not in _settings:
        _settings[key] = Settings(_env_file=None, database=database, secret=SECRET, **changed)  # type: ignore[call-arg]
    return _settings[key]


@pytest.fixture
def portal(settings: Settings) -> Portal:
    return make_portal(settings)


NOW = datetime(2026, 9, 15, 11, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


def scope_of(portal: Portal, now: datetime = NOW, client: Client = NOBODY) -> Scope:
    """What a use case gets."""
    return Scope(portal, client, now)


# What domain/passwords.py hashes with; tests of the costs themselves ask for `dear_passwords`.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed thousands of times here: what one costs is a third of the time of a test with a sign-in."""
    if "dear_passwords" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_ARGON", _CHEAP)


@pytest.fixture
def dear_passwords() -> Iterator[None]:
    """As dear as in production, for tests of what a hash costs and of who waits for it."""
    passwords._hash_of_nobody.cache_clear()
    yield
    passwords._hash_of_nobody.cache_clear()


# --- The portal, in this process ---


class Clock:
    """The portal's time. It begins after any real time, so that the app's own housekeeping sweeps nothing."""

    def __init__(self) -> None:
        self.now = datetime(2036, 9, 15, 11, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@pytest.fixture(scope="session")
def _clock() -> Clock:
    return Clock()


@pytest.fixture
def clock(_clock: Clock) -> Clock:
    _clock.now = Clock().now
    return _clock


# A company of three accounts; tests.browser.BILL is the newest bill of the first.
_ACCOUNTS = [
    ["7000000111", "г. Светлоречинск, ул. Липовая, д. 3, кв. 1"],
    ["7000000118", "г. Светлоречинск, ул. Липовая, д. 3, кв. 6"],
    ["7000000125", "г. Светлоречинск, ул. Липовая, д. 3, кв. 11"],
]


Rows = dict[str, Sequence[dict[str, Any]]]
_FILLED: dict[tuple[str, str, datetime], Rows] = {}


async def fill_registry(settings: Settings, now: datetime) -> None:
    """Import the company into the bound database: bills of the three months before `now`.

    The rows of the first import are kept: the next database gets them at once.
    """
    key = (bound().engine_type, settings.secret, now)
    if key in _FILLED:
        await _put_rows(_FILLED[key])
        return
    known = kinds(Sealing(settings.secret), settings.sms_countries, now.date())
    amounts = {3: "980,10", 2: "1100,00", 1: "1234,56"}
    bills = [
        [number, months_before(now, months), amount] for number, _ in _ACCOUNTS for months, amount in amounts.items()
    ]
    for kind, rows in (("accounts", _ACCOUNTS), ("bills", bills)):
        await import_rows(bound(), known[kind], enumerate(rows, 1), now)
    _FILLED[key] = {table: await run(f"SELECT * FROM {table} ORDER BY id") for table in ("accounts", "bills")}


async def _put_rows(filled: Rows) -> None:
    for table, rows in filled.items():
        places = ", ".join(f"({', '.join('{}' for _ in row)})" for row in rows)
        values = [value for row in rows for value in row.values()]
        await run(f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {places}", *values)
        if bound().engine_type == "postgres":
            await run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {rows[-1]['id']})")


@pytest.fixture
async def app(settings: Settings, clock: Clock, running_apps: RunningApps) -> AsyncIterator[Litestar]:
    """The portal as it is served, its lifespan running, its registry filled.

    One for all tests with the same settings, one after the other: starting takes longer than most tests.
    """
    app = await running_apps.of(settings.model_copy(update={"migrate": "off"}), clock)
    await fill_registry(settings, clock())
    yield app
    # Requests whose answer a test did not wait for.
    await app.idle()


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
