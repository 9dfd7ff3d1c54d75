"""Piccolo's PostgreSQL engine on a pool, with transactions that give their connection back whatever happens.

Nothing here waits for ever: connecting, a place in the pool, a lock, a statement and an idle transaction each have
their limit, on both ends of the connection. Work that may take long says so (`unhurried`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from db.metrics import CONNECTION_WAIT, CONNECTIONS
from db.transactions import Transaction, current
from db.unavailable import DatabaseUnavailableError, database_faults
from db.unhurried import is_unhurried

# How much longer than the server the client waits for a statement, seconds: the server's error says more.
_GRACE = 1.0
# For resetting a connection that goes back to the pool, and for closing the pool, seconds.
_CLEARING = 2.0
_LOCK_POLL = 0.1
# Before a lost connection that listens is made anew, seconds.
_LISTEN_AGAIN = 5.0
_NO_LIMIT = 7 * 24 * 3600.0


@dataclass(frozen=True)
class PostgresLimits:
    """The pool's size, and seconds."""

    pool: int = 10
    connect: float = 3
    acquire: float = 5
    statement: float = 5
    lock: float = 4
    idle: float = 10


class PostgresWrite(Transaction, PostgresTransaction):
    """A transaction on a connection of the pool."""

    engine: Postgres

    async def take(self) -> None:
        self.connection = await self.engine.acquire()
        self.transaction = self.connection.transaction()

    async def begin(self) -> None:
        try:
            await self.transaction.start()
            await self._set_limits()
        except BaseException:
            # It is unknown whether the connection is in a transaction.
            self.connection.terminate()
            raise

    async def _set_limits(self) -> None:
        """Set the limits of this transaction, where they differ from those of the connection."""
        limits = self.engine.limits
        if is_unhurried():
            await self.connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        elif self.engine.behind_pooler:
            await self.connection.execute("; ".join(f"SET LOCAL {k} = {v}" for k, v in _server_limits(limits).items()))

    async def release(self) -> None:
        try:
            # A connection that cannot be rolled back is closed by the pool.
            with contextlib.suppress(DatabaseUnavailableError), database_faults():
                if self.connection.is_in_transaction():
                    await asyncio.wait_for(self.rollback(), _CLEARING)
        finally:
            await self.engine.release(self.connection)


class Postgres(PostgresEngine):
    """Piccolo's PostgreSQL engine on a pool; `dsn` as libpq reads it."""

    current_transaction: Any
    for_update = " FOR UPDATE"
    # For a row that foreign keys refer to: a transaction that adds a row with such a key need not wait.
    for_no_key_update = " FOR NO KEY UPDATE"
    for_update_skip_locked = " FOR UPDATE SKIP LOCKED"
    # An import is one transaction: readers see nothing of it before.
    imports_in_portions = False
    constraint_violation = asyncpg.IntegrityConstraintViolationError
    missing_table = asyncpg.UndefinedTableError
    placeholder = staticmethod(lambda number: f"${number}")

    def __init__(self, dsn: str, limits: PostgresLimits) -> None:
        super().__init__(config={"dsn": dsn})
        self.limits = limits
        self.behind_pooler = False

    def exists(self) -> bool:
        """Whether it does, `open` finds out: it makes none."""
        return True

    async def check_version(self) -> None:
        """Nothing: Piccolo would connect here, before the program has started."""

    async def open(self) -> None:
        with database_faults():
            self.behind_pooler = await self._finds_pooler()
            # A pooler gives each transaction another session: no setting of a session may be relied on.
            session: dict[str, Any] = (
                {"statement_cache_size": 0}
                if self.behind_pooler
                else {"server_settings": {"application_name": "kabinet", **_server_limits(self.limits)}}
            )
            self.pool = await asyncpg.create_pool(
                **self.config,
                # With a minimum asyncpg would log a trace for each attempt while the database is away.
                min_size=0,
                max_size=self.limits.pool,
                timeout=self.limits.connect,
                command_timeout=self.limits.statement + _GRACE,
                **session,
            )
            pool = self.pool
            CONNECTIONS.labels("idle").set_function(pool.get_idle_size)
            CONNECTIONS.labels("used").set_function(lambda: pool.get_size() - pool.get_idle_size())

    async def _finds_pooler(self) -> bool:
        """Whether a pooler such as PgBouncer stands between: it reports an invented process number."""
        connection = await self._connect()
        try:
            pid = await connection.fetchval("SELECT pg_backend_pid()", timeout=self.limits.statement)
            return bool(pid != connection.get_server_pid())
        finally:
            await connection.close(timeout=_CLEARING)

    async def close(self) -> None:
        if self.pool is None:
            return
        pool, self.pool = self.pool, None
        try:
            await asyncio.wait_for(pool.close(), _CLEARING)
        except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            pool.terminate()

    async def _connect(self) -> asyncpg.Connection[Any]:
        return await asyncpg.connect(**self.config, timeout=self.limits.connect, statement_cache_size=0)

    async def new_connection(self) -> asyncpg.Connection[Any]:
        """A session outside the pool, without limits, for the caller to close."""
        if self.behind_pooler:
            raise DatabaseUnavailableError(
                "a pooler such as PgBouncer stands before PostgreSQL, and this needs a session of its own:"
                " name PostgreSQL itself in KABINET_DATABASE for this command"
            )
        with database_faults():
            return await self._connect()

    @staticmethod
    def is_duplicate(violation: Exception) -> bool:
        """Whether it was a unique index that refused."""
        return isinstance(violation, asyncpg.UniqueViolationError)

    async def time(self) -> datetime:
        rows = await self.run_statement("SELECT clock_timestamp() AS now", ())
        told: datetime = rows[0]["now"]
        return told

    async def truncate_log(self) -> bool:
        """Nothing to do: only SQLite has a log file that the portal can empty."""
        return True

    async def announce(self, topic: str) -> None:
        await self.run_statement(f"NOTIFY {topic}", ())

    async def listen(self, topic: str, heard: Callable[[], None]) -> None:
        """Call `heard` for what is announced, until cancelled; behind a pooler nothing can be heard."""
        while True:
            with contextlib.suppress(DatabaseUnavailableError):
                await self._listen(topic, heard)
            await asyncio.sleep(_LISTEN_AGAIN)

    async def _listen(self, topic: str, heard: Callable[[], None]) -> None:
        """Until the connection is lost."""
        connection = await self.new_connection()
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            with database_faults():
                await connection.add_listener(topic, lambda *_: heard())
            # What was announced while nobody listened.
            heard()
            await lost.wait()
        finally:
            connection.terminate()

    @contextlib.asynccontextmanager
    async def locked(self, number: int) -> AsyncIterator[None]:
        """Hold an advisory lock; in a transaction, as that keeps its session behind a pooler too."""
        with database_faults():
            connection = await self._connect()
        try:
            with database_faults():
                # Polled: waiting inside PostgreSQL would occupy a server connection of a pooler.
                while not await _takes_lock(connection, number):  # noqa: ASYNC110 - no event of another machine
                    await asyncio.sleep(_LOCK_POLL)
            yield
        finally:
            await connection.close(timeout=_CLEARING)

    async def lock_tables(self, tables: Sequence[str], milliseconds: int) -> None:
        """Keep others from reading and writing them until the transaction ends; waits no longer for all of them."""
        await self.run_statement(f"SET LOCAL statement_timeout = {milliseconds}", ())
        await self.run_statement(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE", ())
        await self.run_statement("SET LOCAL statement_timeout = 0", ())

    async def acquire(self) -> Any:
        if self.pool is None:
            raise DatabaseUnavailableError("the connections are closed")
        with CONNECTION_WAIT.time():
            return await self.pool.acquire(timeout=self.limits.acquire)

    async def release(self, connection: Any) -> None:
        """Give the connection back; one that cannot be reset in time is closed. Its work is committed by then."""
        if self.pool is None:
            return
        with contextlib.suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            await self.pool.release(connection, timeout=_CLEARING)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self.run_statement(query, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        return await self.run_statement(ddl, ())

    async def run_statement(self, query: str, arguments: Sequence[Any]) -> Any:
        transaction = current(self)
        long = {"timeout": _NO_LIMIT} if is_unhurried() else {}
        if transaction is not None:
            with database_faults():
                return await transaction.connection.fetch(query, *arguments, **long)
        if long or self.behind_pooler:
            async with self.transaction():
                return await self.run_statement(query, arguments)
        with database_faults():
            connection = await self.acquire()
            try:
                return await connection.fetch(query, *arguments)
            finally:
                await self.release(connection)

    def transaction(self, allow_nested: bool = True) -> PostgresWrite:
        return PostgresWrite(self, allow_nested=allow_nested)


async def _takes_lock(connection: asyncpg.Connection[Any], number: int) -> bool:
    await connection.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
    if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", number):
        return True
    await connection.execute("ROLLBACK")
    return False


def _server_limits(limits: PostgresLimits) -> dict[str, str]:
    """In milliseconds, as PostgreSQL reads a number without a unit."""
    return {
        "statement_timeout": str(int(limits.statement * 1000)),
        "lock_timeout": str(int(limits.lock * 1000)),
        "idle_in_transaction_session_timeout": str(int(limits.idle * 1000)),
    }
