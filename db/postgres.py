"""Piccolo's PostgreSQL engine on a pool, with transactions that give their connection back whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from db.owned import Owned, joinable, to_the_end


class PostgresWrite(PostgresTransaction, Owned):
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
                await to_the_end(self.commit())
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
        if joinable(self.current_transaction.get()) is None:
            self.current_transaction.set(None)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        self.forget_foreign_transaction()
        return await super().run_querystring(querystring, in_pool)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        self.forget_foreign_transaction()
        return await super().run_ddl(ddl, in_pool)

    def transaction(self, allow_nested: bool = True) -> PostgresWrite:
        return PostgresWrite(self, allow_nested)
