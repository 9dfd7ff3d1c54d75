"""All rows of a SQLite database, read or written on a connection of its own; see db/contents.py."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from db.shapes import KEYS, NUMBERED, PORTION, ContentsError, Kind, Row, Rows, Shape, kind_of
from db.sqlite import SQLite
from db.transactions import run_to_completion
from db.unavailable import database_faults, one_line

_KINDS: dict[str, Kind] = {
    "integer": "integer", "bigint": "integer", "varchar": "text", "text": "text",
    "boolean": "boolean", "date": "date", "timestamptz": "time",
}  # fmt: skip
# The default of 2 MB makes the indexes of a million rows five times slower; KiB.
_CACHE = 64 * 1024


def _time(text: str) -> datetime:
    """What a column's default has written names no zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_READ: dict[Kind, Callable[[Any], Any]] = {"boolean": bool, "date": date.fromisoformat, "time": _time}


class SQLiteContents:
    """One transaction from `begin_…` on; what is not committed by `close` is undone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.shapes: Sequence[Shape] = ()

    @classmethod
    async def open(cls, engine: SQLite) -> SQLiteContents:
        return cls(await _apart(engine.plain_connection))

    async def begin_reading(self) -> None:
        await self._run("BEGIN")
        # The moment that everything is read of is that of the first read.
        self.shapes = [shape for name in KEYS if (shape := await self._shape(name))]

    async def begin_writing(self) -> None:
        await self._run(f"PRAGMA cache_size = -{_CACHE}")
        await self._run("BEGIN IMMEDIATE")
        self.shapes = [shape for name in KEYS if (shape := await self._shape(name))]

    async def _shape(self, table: str) -> Shape | None:
        """None where this schema has no such table yet."""
        columns = await self._run(f"PRAGMA table_info({table})")
        if not columns:
            return None
        kinds = tuple((name, kind_of(table, name, declared, _KINDS)) for _, name, declared, *_ in columns)
        return Shape(table, KEYS[table], kinds, await self._last_number(table) if table in NUMBERED else None)

    async def _last_number(self, table: str) -> int:
        rows = await self._run(f"SELECT COALESCE(MAX({KEYS[table]}), 0) FROM {table}")
        if await self._keeps_numbers(table):
            rows += await self._run("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        return max(int(number) for (number,) in rows)

    async def _keeps_numbers(self, table: str) -> bool:
        declared = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND sql LIKE '%AUTOINCREMENT%'"
        return bool(await self._run(declared, table))

    async def migrations(self) -> tuple[str, ...]:
        rows = await self._run("SELECT name FROM migration WHERE app_name = 'kabinet' ORDER BY name")
        return tuple(name for (name,) in rows)

    async def has_rows(self, shape: Shape) -> bool:
        return bool(await self._run(f"SELECT 1 FROM {shape.name} LIMIT 1"))

    async def count(self, shape: Shape) -> int:
        return int((await self._run(f"SELECT COUNT(*) FROM {shape.name}"))[0][0])

    async def clear(self, table: str) -> None:
        await self._run(f"DELETE FROM {table}")

    async def rows(self, shape: Shape) -> AsyncIterator[Rows]:
        sql = f'SELECT {shape.listed} FROM {shape.name} ORDER BY "{shape.key}"'
        cursor = await _apart(self._connection.execute, sql)
        try:
            while portion := await _apart(_portion, cursor, shape):
                yield portion
        finally:
            cursor.close()

    async def load(self, shape: Shape, rows: Rows) -> None:
        marks = ", ".join("?" for _ in shape.columns)
        sql = f"INSERT INTO {shape.name} ({shape.listed}) VALUES ({marks})"
        try:
            await _apart(_execute_many, self._connection, sql, rows)
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
            raise ContentsError(f"{shape.name}: a row is refused: {one_line(error)}") from None

    async def set_last_number(self, table: str, number: int) -> None:
        """Where the table keeps no numbers, the next one is that after the highest."""
        if await self._keeps_numbers(table):
            await self._run("DELETE FROM sqlite_sequence WHERE name = ?", table)
            await self._run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, number)

    async def analyse(self) -> None:
        """Nothing: the indexes are all that SQLite's planner needs here."""

    async def commit(self) -> None:
        await self._run("COMMIT")

    async def close(self) -> None:
        await _apart(self._connection.close)

    async def _run(self, sql: str, *arguments: Any) -> list[Row]:
        rows: list[Row] = await _apart(lambda: self._connection.execute(sql, arguments).fetchall())
        return rows


def _execute_many(connection: sqlite3.Connection, sql: str, rows: Rows) -> None:
    """The cursor is closed here: its end resets the statement, which the next portion may be using by then."""
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.executemany(sql, rows)


def _portion(cursor: sqlite3.Cursor, shape: Shape) -> Rows:
    rows: list[Row] = cursor.fetchmany(PORTION)
    readers = [(place, _READ[kind], name) for place, (name, kind) in enumerate(shape.columns) if kind in _READ]
    if not readers:
        return rows
    return [_converted(row, readers, shape) for row in rows]


def _converted(row: Row, readers: Sequence[tuple[int, Callable[[Any], Any], str]], shape: Shape) -> Row:
    values = list(row)
    for place, read, name in readers:
        if values[place] is not None:
            try:
                values[place] = read(values[place])
            except (ValueError, TypeError):
                raise ContentsError(f"{shape.name}: {shape.named(row)} has no readable {name}") from None
    return tuple(values)


async def _apart(work: Callable[..., Any], *arguments: Any) -> Any:
    with database_faults():
        return await run_to_completion(asyncio.to_thread(work, *arguments))
