"""All rows of a PostgreSQL database, read or written on a connection of its own; see db/contents.py."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from db.postgres import Postgres
from db.shapes import KEYS, NUMBERED, PORTION, ContentsError, Kind, Rows, Shape, kind_of
from db.unavailable import database_faults, is_unavailable, one_line

_KINDS: dict[str, Kind] = {
    "integer": "integer", "bigint": "integer", "character varying": "text", "text": "text",
    "boolean": "boolean", "date": "date", "timestamp with time zone": "time",
}  # fmt: skip
# The limits of a statement are not for one that reads a million rows.
_UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
# How long to wait for whoever still writes to a database that should be empty.
_LOCK = "SET LOCAL lock_timeout = '10s'"
_COLUMNS = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)
# For a server that has fallen silent, seconds.
_CLOSING = 5.0


class PostgresContents:
    """One transaction from `begin_…` on; what is not committed by `close` is undone."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self.shapes: Sequence[Shape] = ()

    @classmethod
    async def open(cls, engine: Postgres) -> PostgresContents:
        return cls(await engine.new_connection())

    async def begin_reading(self) -> None:
        await self._run(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_UNHURRIED}")
        self.shapes = await self._all_shapes()

    async def begin_writing(self) -> None:
        await self._run(f"BEGIN; {_UNHURRIED}; {_LOCK}")
        self.shapes = await self._all_shapes()
        if self.shapes:
            names = ", ".join(shape.name for shape in self.shapes)
            await self._run(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")

    async def _all_shapes(self) -> Sequence[Shape]:
        """Numbers are read after the moment that rows are read of: they are not part of a transaction."""
        with database_faults():
            found = {name: await self._connection.fetch(_COLUMNS, name) for name in KEYS}
        return [
            Shape(
                table,
                KEYS[table],
                tuple((name, kind_of(table, name, declared, _KINDS)) for name, declared in columns),
                await self._last_number(table) if table in NUMBERED else None,
            )
            for table, columns in found.items()
            if columns
        ]

    async def _last_number(self, table: str) -> int:
        key = KEYS[table]
        sequence = await self._value(f"SELECT pg_get_serial_sequence('{table}', '{key}')")
        return int(
            await self._value(
                f"SELECT GREATEST((SELECT COALESCE(MAX({key}), 0) FROM {table}),"
                f" (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {sequence}))"
            )
        )

    async def migrations(self) -> tuple[str, ...]:
        with database_faults():
            rows = await self._connection.fetch("SELECT name FROM migration WHERE app_name = 'kabinet'")
        return tuple(sorted(name for (name,) in rows))

    async def has_rows(self, shape: Shape) -> bool:
        return await self._value(f"SELECT 1 FROM {shape.name} LIMIT 1") is not None

    async def count(self, shape: Shape) -> int:
        return int(await self._value(f"SELECT count(*) FROM {shape.name}"))

    async def clear(self, table: str) -> None:
        await self._run(f"DELETE FROM {table}")

    async def rows(self, shape: Shape) -> AsyncIterator[Rows]:
        # Letters in the order of their bytes, as SQLite has them.
        collation = ' COLLATE "C"' if dict(shape.columns)[shape.key] == "text" else ""
        with database_faults():
            cursor = await self._connection.cursor(
                f'SELECT {shape.listed} FROM {shape.name} ORDER BY "{shape.key}"{collation}'
            )
            while portion := [tuple(row) for row in await cursor.fetch(PORTION)]:
                yield portion

    async def load(self, shape: Shape, rows: Rows) -> None:
        try:
            await self._connection.copy_records_to_table(
                shape.name, columns=[name for name, _ in shape.columns], records=rows
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            with database_faults():
                if is_unavailable(error):
                    raise
            # The driver's own errors repeat the value.
            said = one_line(error) if isinstance(error, asyncpg.PostgresError) else "a value does not fit its column"
            places = f"from {shape.named(rows[0])} to {shape.named(rows[-1])}"
            raise ContentsError(f"{shape.name}: PostgreSQL refuses one {places}: {said}") from None

    async def set_last_number(self, table: str, number: int) -> None:
        sequence = f"pg_get_serial_sequence('{table}', '{KEYS[table]}')"
        # A sequence that has given none yet stands before 1.
        await self._value(f"SELECT setval({sequence}, {max(number, 1)}, {number > 0})")

    async def analyse(self) -> None:
        """The planner knows nothing of the tables until it is told."""
        for shape in self.shapes:
            await self._run(f"ANALYZE {shape.name}")

    async def commit(self) -> None:
        await self._run("COMMIT")

    async def close(self) -> None:
        with contextlib.suppress(TimeoutError):
            await self._connection.close(timeout=_CLOSING)

    async def _run(self, sql: str) -> None:
        with database_faults():
            await self._connection.execute(sql)

    async def _value(self, sql: str) -> Any:
        with database_faults():
            return await self._connection.fetchval(sql)
