"""A connection with temporary tables of its own, on either database: where an import waits to be merged.

Temporary tables take no lock on the database: while a long file is being read, the portal goes on writing.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiosqlite
import asyncpg

from db.engine import Engine
from db.sqlite import SQLite

# What imports wait in turn on. "kabi" in ASCII; db/migrate.py has another.
_ADVISORY_LOCK = 0x6B616269
# A second import waits for a first one of any size, milliseconds.
_BUSY = 6 * 3600 * 1000
# The default of 2 MB makes inserting into the indexes of a million bills five times slower; KiB.
_CACHE = 64 * 1024


class SQLiteStaging:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        await self.execute(f"PRAGMA busy_timeout = {_BUSY}")
        await self.execute(f"PRAGMA cache_size = -{_CACHE}")

    async def execute(self, sql: str, *arguments: Any) -> int:
        """The number of rows touched. Arguments are `$1` and so on, which SQLite takes for names."""
        named = {str(number): value for number, value in enumerate(arguments, 1)}
        async with self._connection.execute(sql, named) as cursor:
            return int(cursor.rowcount)

    async def fetch(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.execute_fetchall(sql)]

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" for _ in columns)
        await self.execute("BEGIN")
        await self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        await self.execute("COMMIT")

    async def begin_alone(self) -> None:
        await self.execute("BEGIN IMMEDIATE")


class PostgresStaging:
    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        """Nothing: the server's defaults do."""

    async def execute(self, sql: str, *arguments: Any) -> int:
        # The answer is "INSERT 0 12", "UPDATE 12", or a word without a number.
        last = (await self._connection.execute(sql, *arguments)).split()[-1]
        return int(last) if last.isdigit() else 0

    async def fetch(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.fetch(sql)]

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        await self._connection.copy_records_to_table(table, columns=columns, records=rows)

    async def begin_alone(self) -> None:
        await self.execute("BEGIN")
        await self.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


Staging = SQLiteStaging | PostgresStaging


@contextlib.asynccontextmanager
async def staging(engine: Engine) -> AsyncIterator[Staging]:
    """Closed at the end; what is not committed by then is undone."""
    if isinstance(engine, SQLite):
        connection = await engine.new_connection()
        made: Staging = SQLiteStaging(connection)
    else:
        connection = await engine.new_connection()
        made = PostgresStaging(connection)
    try:
        await made.prepare()
        yield made
    finally:
        await connection.close()
