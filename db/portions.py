"""Statements on SQLite, some rows at a time: its one writer is given back to the portal after each portion."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.plan import Step
from db.staging import SQLiteStaging

# How long a portion should hold the writer, seconds: a sign-in beside it waits at most for one, and 0.2 s is the limit.
AIM = 0.05
# Longer than the 25 ms after which a waiting process tries again (sqlite3.c, sqliteDefaultBusyCallback, within the
# first 0.13 s): in a shorter pause it might never get the writer.
PAUSE = 0.03
_FIRST, _FEWEST, _MOST = 500, 20, 50_000


class Portions:
    """Adapts the number of rows of a portion to the time that the last one took."""

    def __init__(self, tables: SQLiteStaging) -> None:
        self._tables = tables
        self._rows = _FIRST

    async def bring(self, steps: Sequence[Step], now: datetime) -> None:
        for step in steps:
            # Rows of `CREATE TABLE … AS` are numbered from 1.
            last = (await self._tables.fetch(f"SELECT MAX(rowid) AS n FROM {step.difference}"))[0]["n"] or 0
            await self._between(step.statements, "d.rowid", 0, last, now)

    async def delete(self, table: str, key: str, after: int) -> None:
        """Rows of `table` with a `key` above `after`."""
        bounds = await self._tables.fetch(f"SELECT MIN({key}) AS a, MAX({key}) AS z FROM {table} WHERE {key} > {after}")
        if bounds[0]["a"] is not None:
            await self._between(
                (f"DELETE FROM {table} WHERE {{portion}}",), key, bounds[0]["a"] - 1, bounds[0]["z"], None
            )

    async def drain(self, table: str, key: str, statements: Sequence[str]) -> None:
        """Rows of `table` from its lowest `key` on, each removed in the transaction of its statements."""
        while rows := await self._tables.fetch(f"SELECT {key} AS k FROM {table} ORDER BY {key} LIMIT {self._rows}"):
            portion = f"{key} <= {rows[-1]['k']}"
            await self._write((*statements, f"DELETE FROM {table} WHERE {{portion}}"), portion, None)

    async def _between(self, statements: Sequence[str], key: str, after: int, last: int, now: datetime | None) -> None:
        while after < last:
            end = min(after + self._rows, last)
            await self._write(statements, f"{key} > {after} AND {key} <= {end}", now)
            after = end

    async def _write(self, statements: Sequence[str], portion: str, now: datetime | None) -> None:
        await self._tables.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        for sql in statements:
            await self._tables.execute(sql.replace("{portion}", portion), *_arguments(sql, now))
        await self._tables.execute("COMMIT")
        held = time.perf_counter() - began
        # At most doubled: the next rows may be slower ones.
        self._rows = max(_FEWEST, min(_MOST, self._rows * 2, int(self._rows * AIM / held)))
        await asyncio.sleep(PAUSE)


def _arguments(sql: str, now: datetime | None) -> list[Any]:
    return [now] if "$1" in sql else []
