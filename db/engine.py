"""The two database engines, and which of them this process is bound to.

Stock Piccolo opens a SQLite connection for every query and begins deferred transactions, which fail with
"database is locked" as soon as two of them write. `SQLite` below keeps one writer, taken in turn, and a few
readers. Piccolo's engine hooks are private, so its version is pinned exactly; tests/db/test_engine.py says
what is relied upon.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any, TypeVar, cast

import aiosqlite
import asyncpg
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType, dict_factory
from piccolo.query.base import Query
from piccolo.querystring import QueryString
from piccolo.table import Table

T = TypeVar("T")

os.environ.setdefault("PICCOLO_CONF", "db.piccolo_conf")

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


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Finish `work` even when the caller is cancelled meanwhile, then let the cancellation go on.

    A statement that a thread has begun cannot be called back: whoever stops waiting for a COMMIT must still
    not hand the connection to the next one before it is done.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - raised again by task.result() below
            pass
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


def _joinable(transaction: _Owned | None) -> _Owned | None:
    """The transaction that the current task may use; tasks inherit the variable of the task that made them."""
    if transaction is None or transaction.finished:
        return None
    if transaction.owner is not asyncio.current_task():
        raise TransactionError("A transaction belongs to the task that began it")
    return transaction


class _Owned:
    """What both kinds of transaction remember beside Piccolo's own fields."""

    finished: bool = False
    owner: asyncio.Task[Any] | None = None


class SQLiteWrite(SQLiteTransaction, _Owned):
    """One `BEGIN IMMEDIATE` transaction on the engine's only writer; a nested one joins it."""

    engine: SQLite

    def __init__(self, engine: SQLite, allow_nested: bool = True) -> None:
        engine.forget_foreign_transaction()
        super().__init__(engine, TransactionType.immediate, allow_nested)
        self.owner = asyncio.current_task()

    async def __aenter__(self) -> SQLiteTransaction:
        if self._parent is not None:
            return self._parent
        await self.engine.turn.acquire()
        try:
            self.connection = self.engine.writer
            await _to_the_end(self.begin())
        except BaseException:
            await self._leave_nothing_open()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._parent is not None:
            return exception is None
        self.engine.current_transaction.reset(self.context)
        self.finished = True
        try:
            if exception is None and not self._rolled_back and not self._committed:
                await _to_the_end(self.commit())
        finally:
            await self._leave_nothing_open()
        return exception is None

    async def _leave_nothing_open(self) -> None:
        """Roll back whatever is still open, then give the writer to the next in turn."""
        try:
            if self.engine.writer.in_transaction:
                await _to_the_end(self.rollback())
        finally:
            self.engine.turn.release()


class SQLite(SQLiteEngine):
    """Piccolo's SQLite engine with connections that stay: one writer in turn, `READERS` readers, WAL.

    `open()` it in the event loop that uses it and `close()` it there; `path` is a file.
    """

    current_transaction: Any

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

    def forget_foreign_transaction(self) -> None:
        """Let a task made inside a transaction that has ended begin its own."""
        if _joinable(self.current_transaction.get()) is None:
            self.current_transaction.set(None)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Any:
        return await self._run(ddl, ())

    async def _run(self, query: str, arguments: Iterable[Any]) -> Any:
        transaction = _joinable(self.current_transaction.get())
        if transaction is not None:
            return await self.writer.execute_fetchall(query, arguments)
        if query.lstrip()[:6].upper() == "SELECT":
            reader = await self._readers.get()
            try:
                return await reader.execute_fetchall(query, arguments)
            finally:
                self._readers.put_nowait(reader)
        async with self.turn:
            return await _to_the_end(self.writer.execute_fetchall(query, arguments))

    def transaction(
        self, transaction_type: TransactionType = TransactionType.immediate, allow_nested: bool = True
    ) -> SQLiteWrite:
        return SQLiteWrite(self, allow_nested)

    async def batch(self, query: Query[Any, Any], batch_size: int = 100, node: str | None = None) -> Any:
        raise NotImplementedError("Read in pages: a batch would keep a connection of its own")


class PostgresWrite(PostgresTransaction, _Owned):
    """Piccolo's transaction that gives its connection back whatever happens to it."""

    engine: Postgres

    def __init__(self, engine: Postgres, allow_nested: bool = True) -> None:
        engine.forget_foreign_transaction()
        super().__init__(engine, allow_nested)
        self.owner = asyncio.current_task()

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()
        self.transaction = self.connection.transaction()
        try:
            await self.begin()
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._parent is not None:
            return exception is None
        self.engine.current_transaction.reset(self.context)
        self.finished = True
        try:
            if exception is not None and not self._rolled_back:
                await self.rollback()
            elif exception is None and not self._rolled_back and not self._committed:
                await _to_the_end(self.commit())
        finally:
            await self._give_back()
        return exception is None

    async def _give_back(self) -> None:
        pool = self.engine.pool
        assert pool is not None
        await pool.release(self.connection)


class Postgres(PostgresEngine):
    """Piccolo's PostgreSQL engine on a pool; `dsn` as libpq reads it."""

    current_transaction: Any

    def __init__(self, dsn: str) -> None:
        super().__init__(config={"dsn": dsn})

    async def check_version(self) -> None:
        """Nothing: Piccolo would connect here, while the program is still being put together."""

    async def open(self) -> None:
        await self.start_connection_pool(min_size=1, max_size=10, command_timeout=60, timeout=10)

    async def close(self) -> None:
        if self.pool is not None:
            await self.close_connection_pool()

    async def new_connection(self) -> asyncpg.Connection[Any]:
        """A connection outside the pool, for the caller to close."""
        return await self.get_new_connection()

    def forget_foreign_transaction(self) -> None:
        """Let a task made inside a transaction that has ended begin its own."""
        if _joinable(self.current_transaction.get()) is None:
            self.current_transaction.set(None)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        self.forget_foreign_transaction()
        return await super().run_querystring(querystring, in_pool)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        self.forget_foreign_transaction()
        return await super().run_ddl(ddl, in_pool)

    def transaction(self, allow_nested: bool = True) -> PostgresWrite:
        return PostgresWrite(self, allow_nested)


Engine = SQLite | Postgres

_bound: Engine | None = None


def make_engine(database: str) -> Engine:
    """The engine for a `KABINET_DATABASE` that settings.py has checked."""
    if database.startswith("sqlite:"):
        return SQLite(database.removeprefix("sqlite:"))
    return Postgres(database)


@contextlib.asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[Engine]:
    """Bind every table of this process to `engine` and keep it open."""
    await engine.open()
    bind(engine)
    try:
        yield engine
    finally:
        await engine.close()


def bind(engine: Engine) -> None:
    """Make `engine` the one that all tables and `transaction()` use."""
    global _bound  # noqa: PLW0603 - Piccolo's tables are global, so is what they are bound to
    from piccolo.apps.migrations.tables import Migration

    from db import piccolo_conf
    from db.tables import TABLES

    _bound = piccolo_conf.DB = engine
    tables: tuple[type[Table], ...] = (*TABLES, Migration)
    for table in tables:
        table._meta.db = engine


def bound() -> Engine:
    """The engine that `bind` has set."""
    if _bound is None:
        raise RuntimeError("No database engine is bound")
    return _bound


def transaction() -> contextlib.AbstractAsyncContextManager[object, None]:
    """One transaction for everything the current task does inside `async with`; nested ones join it."""
    return cast("contextlib.AbstractAsyncContextManager[object, None]", bound().transaction())


async def run(sql: str, *arguments: Any) -> Sequence[dict[str, Any]]:
    """Run SQL that both databases read, with `{}` for each argument; rows as dictionaries.

    For what Piccolo's query builder cannot say: conditional upserts, claims, row locks.
    """
    engine = bound()
    rows = await engine.run_querystring(QueryString(sql, *arguments))
    return engine.transform_response_to_dicts(rows or [])


def for_update() -> str:
    """The row lock that PostgreSQL needs inside a transaction; SQLite has one writer at a time anyway."""
    return " FOR UPDATE" if bound().engine_type == "postgres" else ""
