"""A connection with tables of its own, on either database: where an import waits to be brought into place.

They take no lock on the database: while a long file is being read, the portal goes on writing. On PostgreSQL they
are temporary. On SQLite they stand in a file of their own beside the database, because there an import goes on in
many transactions once it has been decided, and has to be finished even if its process is killed meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg

from db.engine import Engine
from db.postgres import Postgres
from db.sqlite import SQLite

# What imports wait in turn on. "kabi" in ASCII; db/migrate.py has another.
_ADVISORY_LOCK = 0x6B616269
# An import may wait for the writer as long as it takes, milliseconds.
_BUSY = 6 * 3600 * 1000
# The default of 2 MB makes inserting into the indexes of a million bills five times slower; KiB.
_CACHE = 64 * 1024
# How often a second import looks whether the first has ended, seconds.
_TURN_POLL = 0.2
# A statement that has not begun yet cannot be interrupted: how soon it is tried again, seconds.
_STOP_POLL = 0.05
# How long a statement that has been cancelled may take to end before its connection is cut, seconds.
_CLOSING = 5.0
# A table is analysed again when its size differs by more than this from what PostgreSQL's planner believes.
_STALE = 1.5
# For one sort or half of a hash table, MB.
_WORK = 64
_LOCAL = (
    # The portal's limits for one statement are not an import's.
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    # Hash tables of a million keys without a detour over the disk: of imports one at a time comes that far.
    f"SET LOCAL work_mem = '{_WORK}MB'",
    # Rows of a staged table are few kinds of rows: a tenth of the usual sample tells the planner what it needs.
    "SET LOCAL default_statistics_target = 10",
)
# Since PostgreSQL 14: the server notices within seconds that a killed import is gone.
_NOTICE = "SET LOCAL client_connection_check_interval = '2s'"


class SQLiteStaging:
    """Its tables stand in the file `changes`; `turn` is the lock that imports wait for each other on."""

    def __init__(self, connection: aiosqlite.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self.changes = Path(f"{path}.import-{secrets.token_hex(8)}")
        # True while the database says that the file is to be finished, whatever becomes of this process.
        self.needed = False
        self._file: int | None = None
        self._turn: int | None = None

    async def prepare(self) -> None:
        await self.execute(f"PRAGMA busy_timeout = {_BUSY}")
        await self.execute(f"PRAGMA cache_size = -{_CACHE}")
        self._file = os.open(self.changes, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # Clearing up leaves the file of a living import alone.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        await self.attach(self.changes)

    async def attach(self, changes: Path, *, instead: bool = False) -> None:
        """Make the tables of this file those that statements name; `instead` of the ones attached before."""
        if instead:
            await self.execute("DETACH DATABASE changes")
        await self.execute(f"ATTACH DATABASE '{str(changes).replace(chr(39), chr(39) * 2)}' AS changes")
        # Nothing of it counts before `flush`, and nothing of it is secret that the database does not hold as well.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "secure_delete = OFF", f"cache_size = -{_CACHE}"):
            await self.execute(f"PRAGMA changes.{pragma}")

    async def execute(self, sql: str, *arguments: Any) -> int:
        """The number of rows touched. Arguments are `$1` and so on, which SQLite takes for names."""
        named = {str(number): value for number, value in enumerate(arguments, 1)}
        async with self._connection.execute(sql, named) as cursor:
            return int(cursor.rowcount)

    async def fetch(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.execute_fetchall(sql)]

    async def create(self, table: str, columns: str) -> None:
        await self.execute(f"CREATE TABLE changes.{table} ({columns})")

    async def create_as(self, table: str, select: str) -> None:
        await self.execute(f"CREATE TABLE changes.{table} AS {select}")

    create_grouped = create_as

    async def index(self, table: str, columns: str) -> None:
        await self.execute(f"CREATE INDEX changes.{table}_{columns.split(',', maxsplit=1)[0]} ON {table} ({columns})")

    index_for_joins = index

    async def analyse_staged(self, *tables: str) -> None:
        """Nothing, as below."""

    async def analyse(self, *tables: str) -> None:
        """Nothing: the indexes are all that SQLite's planner needs here."""

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" for _ in columns)
        await self.execute("BEGIN")
        await self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        await self.execute("COMMIT")

    async def take_turn(self) -> None:
        while not self.try_turn():  # noqa: ASYNC110 - it is another process that gives it back
            await asyncio.sleep(_TURN_POLL)

    def try_turn(self) -> bool:
        turn = os.open(f"{self._path}.import", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(turn)
            return False
        self._turn = turn
        return True

    @property
    def has_turn(self) -> bool:
        return self._turn is not None

    def give_turn_back(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    async def flush(self) -> None:
        """From here on the tables outlive a power cut."""
        assert self._file is not None
        await asyncio.to_thread(os.fsync, self._file)

    async def stop(self) -> None:
        """End what a cancelled task has left running or waiting for its turn, and undo the portion it was in."""
        last = asyncio.ensure_future(self._connection.execute("SELECT 1"))
        while not last.done():
            await self._connection.interrupt()
            await asyncio.wait({last}, timeout=_STOP_POLL)
        with contextlib.suppress(sqlite3.OperationalError):  # interrupted itself
            await last.result().close()
        if self._connection.in_transaction:
            await self.execute("ROLLBACK")

    async def close(self) -> None:
        await self._connection.close()
        self.give_turn_back()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if not self.needed:
            self.changes.unlink(missing_ok=True)

    def stale_changes(self) -> list[Path]:
        """Files of imports whose process has ended."""
        path = Path(self._path).absolute()
        return [found for found in path.parent.glob(f"{path.name}.import-*") if _is_abandoned(found)]


def _is_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


class PostgresStaging:
    """One transaction from the first row to the last; it holds no lock that the portal needs before `take_turn`."""

    def __init__(self, connection: asyncpg.Connection[Any], engine: Postgres) -> None:
        self._connection = connection
        self._engine = engine

    async def prepare(self) -> None:
        await self.execute("BEGIN")
        for setting in (*_LOCAL, *([_NOTICE] if self._connection.get_server_version().major >= 14 else [])):
            await self.execute(setting)

    async def execute(self, sql: str, *arguments: Any) -> int:
        # The answer is "INSERT 0 12", "UPDATE 12", or a word without a number.
        last = (await self._connection.execute(sql, *arguments)).split()[-1]
        return int(last) if last.isdigit() else 0

    async def bring(self, sql: str, *arguments: Any) -> None:
        """Execute an INSERT; the rows that its ON CONFLICT waits for are rare, and only they make it look out for them.

        Looking out takes an eighth of the time of inserting a customer, and a fifth of attaching an account.
        """
        plain, conflict, _ = sql.partition(" ON CONFLICT ")
        if not conflict:
            await self.execute(sql, *arguments)
            return
        await self.execute("SAVEPOINT before")
        try:
            await self.execute(plain, *arguments)
        except asyncpg.UniqueViolationError:
            await self.execute("ROLLBACK TO SAVEPOINT before")
            await self.execute(sql, *arguments)
        await self.execute("RELEASE SAVEPOINT before")

    async def fetch(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.fetch(sql)]

    async def create(self, table: str, columns: str) -> None:
        await self.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")

    async def create_as(self, table: str, select: str) -> None:
        await self.execute(f"CREATE TEMPORARY TABLE {table} AS {select}")
        await self.execute(f"ANALYZE {table}")

    async def create_grouped(self, table: str, select: str) -> None:
        """Grouped in a hash table: what is too much for it costs less on disk than sorting by a language's rules."""
        await self.execute("SET LOCAL enable_sort = off")
        await self.create_as(table, select)
        await self.execute("SET LOCAL enable_sort TO DEFAULT")

    async def index(self, table: str, columns: str) -> None:
        await self.execute(f"CREATE INDEX {table}_{columns.split(',', maxsplit=1)[0]} ON {table} ({columns})")

    async def index_for_joins(self, table: str, columns: str) -> None:
        """Nothing: hash joins need none, and making one sorts all keys by the rules of the database's language."""

    async def analyse_staged(self, *tables: str) -> None:
        """The planner knows nothing of a temporary table's size until it is told."""
        for table in tables:
            await self.execute(f"ANALYZE {table}")

    async def analyse(self, *tables: str) -> None:
        """Tell the planner of tables that have grown or shrunk: autovacuum may be a minute late, or a year.

        In a session of its own: of an ANALYZE that a dry run undoes only the size of the table would stay.
        """
        oids = ", ".join(f"to_regclass('{table}')" for table in tables)
        connection = await self._engine.new_connection()
        try:
            rows = await connection.fetch(
                "SELECT relname, reltuples < 0 AS unknown, relpages AS believed,"
                " pg_relation_size(oid) / current_setting('block_size')::int AS pages"
                f" FROM pg_class WHERE oid IN ({oids})"
            )
            for row in rows:
                low, high = sorted((max(row["pages"], 1), max(row["believed"], 1)))
                if row["unknown"] or high > low * _STALE:
                    await connection.execute(f"ANALYZE {row['relname']}")
        finally:
            await connection.close(timeout=_CLOSING)

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        await self._connection.copy_records_to_table(table, columns=columns, records=rows)

    async def take_turn(self) -> None:
        await self.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")

    async def stop(self) -> None:
        """Nothing: asyncpg has the server cancel the statement of a cancelled task."""

    async def close(self) -> None:
        """A server that has fallen silent is not waited for: its transaction ends with the connection."""
        with contextlib.suppress(TimeoutError):
            await self._connection.close(timeout=_CLOSING)


Staging = SQLiteStaging | PostgresStaging


@contextlib.asynccontextmanager
async def staging(engine: Engine) -> AsyncIterator[Staging]:
    """Closed at the end; what is not kept by then is undone. A statement under way is ended when the task is."""
    if isinstance(engine, SQLite):
        made: Staging = SQLiteStaging(await engine.new_connection(), engine.path)
    else:
        made = PostgresStaging(await engine.new_connection(), engine)
    try:
        await made.prepare()
        yield made
    finally:
        await made.close()
