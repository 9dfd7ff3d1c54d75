"""A SQLite engine that keeps its connections, and runs short statements where they are asked for.

Stock Piccolo opens a SQLite connection for every query and begins deferred transactions, which fail with
"database is locked" as soon as two of them write. This one keeps one writer, taken in turn, and one reader.

A statement of a request reads or writes a few rows by an index, which takes microseconds: less than handing it to a
thread and waiting for the answer. So it runs in the event loop. What can wait does not: for the lock on the file while
another process holds it, for the disk that a commit is flushed to, and for work that says it may take long
(`unhurried`). All that runs in a thread.

Piccolo's engine hooks are private, so its version is pinned exactly; tests/db/test_engine.py says what is
relied upon.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import aiosqlite
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType, dict_factory
from piccolo.query.base import Query
from piccolo.querystring import QueryString

from db.metrics import CONNECTION_WAIT
from db.transactions import Transaction, current, run_to_completion
from db.unavailable import database_faults
from db.unhurried import is_unhurried

# How long a statement waits for another process (an import, a second worker) to let go of the file, seconds.
BUSY_SECONDS = 30.0
# How often it looks for commits of other processes, where that is asked for, seconds.
_LISTEN_SECONDS = 0.02
# In the event loop nothing waits, milliseconds.
_AT_ONCE = 0
_PRAGMAS = (
    "journal_mode = WAL",
    # FULL, not NORMAL: with WAL only FULL keeps the last commits through a power cut
    # (sqlite.org/pragma.html#pragma_synchronous).
    "synchronous = FULL",
    "foreign_keys = 1",
    # Freed pages are overwritten: deleted messages and sessions must not stay in the file.
    "secure_delete = 1",
    "temp_store = FILE",
)


class SQLiteWrite(Transaction, SQLiteTransaction):
    """One `BEGIN IMMEDIATE` transaction on the engine's only writer."""

    engine: SQLite

    async def take(self) -> None:
        with CONNECTION_WAIT.time():
            await self.engine.turn.acquire()

    async def begin(self) -> None:
        self.connection = self.engine.writer
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            await self.engine.apart(_patiently, self.connection, "BEGIN IMMEDIATE", ())

    async def commit(self) -> None:
        await self.engine.apart(self.connection.execute, "COMMIT")
        self._committed = True

    async def rollback(self) -> None:
        self.connection.execute("ROLLBACK")
        self._rolled_back = True

    async def release(self) -> None:
        try:
            if self.engine.writer.in_transaction:
                self.engine.writer.execute("ROLLBACK")
        finally:
            self.engine.turn.release()


class SQLite(SQLiteEngine):
    """Piccolo's SQLite engine with connections that stay: one writer in turn, one reader, WAL.

    `open()` it in the event loop that uses it and `close()` it there; `path` is a file.
    """

    current_transaction: Any
    # No row is locked by itself: the transaction that reads it is the only one that may write.
    for_update = for_no_key_update = for_update_skip_locked = ""
    imports_in_portions = True
    constraint_violation = sqlite3.IntegrityError
    missing_table = sqlite3.OperationalError
    placeholder = staticmethod(lambda _number: "?")

    def __init__(self, path: str) -> None:
        super().__init__(path=path, timeout=BUSY_SECONDS)
        self.turn = asyncio.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    def exists(self) -> bool:
        """Whether there is anything that `open` would not have to make."""
        return Path(self.path).is_file()

    async def check_version(self) -> None:
        """Nothing: Python's own SQLite is new enough, and Piccolo would log a line at every command."""

    @property
    def writer(self) -> sqlite3.Connection:
        """For who has its `turn`."""
        if self._writer is None:
            raise RuntimeError("The database engine is not open")
        return self._writer

    async def apart(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """In the thread, and to its end even when the caller is cancelled meanwhile; for who has the `turn`."""
        return await run_to_completion(asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments))

    async def open(self) -> None:
        with database_faults():
            # Made here and not by SQLite: for its owner only, as -wal and -shm will be after it. Closing a file that is
            # there would end the locks that other connections of this process hold on it (fcntl_locking(2)).
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            self._thread = ThreadPoolExecutor(1, "sqlite")
            try:
                self._writer = await self.apart(self._connect)
                self._reader = await self.apart(self._connect)
                self._reader.execute("PRAGMA query_only = 1")
                for connection in (self._writer, self._reader):
                    connection.execute(f"PRAGMA busy_timeout = {_AT_ONCE}")
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                # The last one to go writes the -wal file back.
                await self.apart(connection.close)
        self._reader = self._writer = None
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def plain_connection(self) -> sqlite3.Connection:
        """One that tells values as they are stored, for the caller to close."""
        return self._connect(detect_types=0)

    def _connect(self, **differently: Any) -> sqlite3.Connection:
        """As patient as `new_connection`; the loop and the thread use it in turn."""
        wanted = {**self.connection_kwargs, "check_same_thread": False, **differently}
        connection: sqlite3.Connection = sqlite3.connect(**wanted)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    async def new_connection(self) -> aiosqlite.Connection:
        """A connection with a thread of its own and this project's PRAGMAs, for the caller to close."""
        connection = await aiosqlite.connect(**self.connection_kwargs)
        connection.row_factory = cast(Any, dict_factory)
        try:
            for pragma in _PRAGMAS:
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            # Its thread would keep the process from ending.
            await connection.close()
            raise
        return connection

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self.run_statement(query, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Any:
        return await self.run_statement(ddl, ())

    async def run_statement(self, query: str, arguments: Sequence[Any]) -> Any:
        with database_faults():
            if current(self) is not None:
                if is_unhurried():
                    return await self.apart(_rows, self.writer, query, arguments)
                return _rows(self.writer, query, arguments)
            if query.lstrip()[:6].upper() == "SELECT":
                return await self._read(query, arguments)
            async with self.turn:
                return await self.apart(_patiently, self.writer, query, arguments)

    async def _read(self, query: str, arguments: Sequence[Any]) -> Any:
        assert self._reader is not None
        if not is_unhurried():
            try:
                return _rows(self._reader, query, arguments)
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
        # The loop goes on reading meanwhile.
        return await run_to_completion(asyncio.to_thread(self._read_apart, query, arguments))

    def _read_apart(self, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
        with contextlib.closing(self._connect()) as connection:
            return _rows(connection, query, arguments)

    @staticmethod
    def is_duplicate(violation: Exception) -> bool:
        """Whether it was a unique index that refused."""
        return getattr(violation, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_UNIQUE

    async def time(self) -> None:
        """The database's clock is this machine's."""

    async def announce(self, _topic: str) -> None:
        """Nothing: `listen` sees every commit."""

    async def listen(self, _topic: str, heard: Callable[[], None]) -> None:
        """Call `heard` after commits, of other processes too, until cancelled."""
        assert self._reader is not None
        seen = None
        while True:
            # A number that changes with every commit of another connection; reading it costs microseconds.
            with contextlib.suppress(sqlite3.OperationalError):
                if (now := _rows(self._reader, "PRAGMA data_version", ())) != seen:
                    seen = now
                    heard()
            await asyncio.sleep(_LISTEN_SECONDS)

    @contextlib.asynccontextmanager
    async def locked(self, number: int) -> AsyncIterator[None]:
        """Hold a lock that other processes wait for. There is one file for it, whatever the number."""
        with database_faults():
            descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    async def lock_tables(self, _tables: Sequence[str], _milliseconds: int) -> None:
        """Nothing: a transaction has the whole file from its beginning."""

    async def truncate_log(self) -> bool:
        """Empty the `-wal` file, which holds former versions of deleted data; whether that was possible."""
        return await run_to_completion(self._truncate_log())

    async def _truncate_log(self) -> bool:
        connection = await self.new_connection()
        try:
            # Not on the writer, and without a long wait: where a reader is in the way, the next sweep does it.
            await connection.execute("PRAGMA busy_timeout = 500")
            rows = await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            return all(row["busy"] == 0 for row in cast(Any, rows))
        finally:
            await connection.close()

    def transaction(
        self, transaction_type: TransactionType = TransactionType.immediate, allow_nested: bool = True
    ) -> SQLiteWrite:
        return SQLiteWrite(self, allow_nested=allow_nested)

    async def batch(self, query: Query[Any, Any], batch_size: int = 100, node: str | None = None) -> Any:
        raise NotImplementedError("Read in pages: a batch would keep a connection of its own")


def _rows(connection: sqlite3.Connection, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(query, arguments)
    try:
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        # The connection stays, and a statement that was not read to its end keeps a snapshot of the rows.
        cursor.close()


def _patiently(connection: sqlite3.Connection, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
    """Wait for another process to let go of the file."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    try:
        return _rows(connection, query, arguments)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_AT_ONCE}")


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
