"""A SQLite engine that keeps its connections.

Stock Piccolo opens a SQLite connection for every query and begins deferred transactions, which fail with
"database is locked" as soon as two of them write. This one keeps one writer, taken in turn, and a few readers.
Piccolo's engine hooks are private, so its version is pinned exactly; tests/db/test_engine.py says what is
relied upon.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import aiosqlite
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType, dict_factory
from piccolo.query.base import Query
from piccolo.querystring import QueryString

from db.transactions import Transaction, current, run_to_completion
from db.unavailable import database_faults

READERS = 3
# How long a statement waits for another process (an import, a second worker) to let go of the file, seconds.
BUSY_SECONDS = 30.0
_PRAGMAS = (
    "journal_mode = WAL",
    # FULL, not NORMAL: with WAL only FULL keeps the last commits through a power cut
    # (sqlite.org/pragma.html#pragma_synchronous).
    "synchronous = FULL",
    "foreign_keys = 1",
    # Freed pages are overwritten: wiped messages and sessions must not linger in the file.
    "secure_delete = 1",
    "temp_store = FILE",
)


class SQLiteWrite(Transaction, SQLiteTransaction):
    """One `BEGIN IMMEDIATE` transaction on the engine's only writer."""

    engine: SQLite

    async def take(self) -> None:
        await self.engine.turn.acquire()

    async def begin(self) -> None:
        self.connection = self.engine.writer
        await run_to_completion(self.connection.execute("BEGIN IMMEDIATE"))

    async def release(self) -> None:
        try:
            if self.engine.writer.in_transaction:
                await run_to_completion(self.rollback())
        finally:
            self.engine.turn.release()


class SQLite(SQLiteEngine):
    """Piccolo's SQLite engine with connections that stay: one writer in turn, `READERS` readers, WAL.

    `open()` it in the event loop that uses it and `close()` it there; `path` is a file.
    """

    current_transaction: Any
    # No row is locked by itself: the transaction that reads it is the only one that may write.
    for_update = for_no_key_update = for_update_skip_locked = ""
    imports_in_portions = True
    constraint_violation = sqlite3.IntegrityError
    missing_table = sqlite3.OperationalError

    def __init__(self, path: str) -> None:
        super().__init__(path=path, timeout=BUSY_SECONDS)
        self.turn = asyncio.Lock()
        self._writer: aiosqlite.Connection | None = None
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()

    async def check_version(self) -> None:
        """Nothing: Python's own SQLite is new enough, and Piccolo would log a line at every command."""

    @property
    def writer(self) -> aiosqlite.Connection:
        if self._writer is None:
            raise RuntimeError("The database engine is not open")
        return self._writer

    async def open(self) -> None:
        with database_faults():
            await self._open()

    async def _open(self) -> None:
        # Made here and not by SQLite: for its owner only, as -wal and -shm will be after it.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            self._writer = await self.new_connection()
            for _ in range(READERS):
                reader = await self.new_connection()
                self._readers.put_nowait(reader)
                await reader.execute("PRAGMA query_only = 1")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        while not self._readers.empty():
            await self._readers.get_nowait().close()
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    async def new_connection(self) -> aiosqlite.Connection:
        """A connection with this project's PRAGMAs, for the caller to close."""
        connection = await aiosqlite.connect(**self.connection_kwargs)
        connection.row_factory = cast(Any, dict_factory)
        try:
            for pragma in _PRAGMAS:
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            # Its thread would keep the program alive for ever.
            await connection.close()
            raise
        return connection

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Any:
        return await self._run(ddl, ())

    async def _run(self, query: str, arguments: Iterable[Any]) -> Any:
        with database_faults():
            return await self._run_in_turn(query, arguments)

    async def _run_in_turn(self, query: str, arguments: Iterable[Any]) -> Any:
        if current(self) is not None:
            return await self.writer.execute_fetchall(query, arguments)
        if query.lstrip()[:6].upper() == "SELECT":
            reader = await self._readers.get()
            try:
                return await reader.execute_fetchall(query, arguments)
            finally:
                self._readers.put_nowait(reader)
        async with self.turn:
            return await run_to_completion(self.writer.execute_fetchall(query, arguments))

    @staticmethod
    def is_duplicate(violation: Exception) -> bool:
        """Whether it was a unique index that refused."""
        return getattr(violation, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_UNIQUE

    async def time(self) -> None:
        """The database's clock is this machine's."""

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

    async def truncate_log(self) -> bool:
        """Empty the `-wal` file, where pages as they were before they were wiped would linger; whether it could be."""
        return await run_to_completion(self._truncate_log())

    async def _truncate_log(self) -> bool:
        connection = await self.new_connection()
        try:
            # Not the writer, and no long wait: a reader that is in the way now is not in an hour.
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
