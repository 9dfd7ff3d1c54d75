"""Bulk load of registry rows and their merge, in one transaction that no other import shares."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from db.engine import Engine
from db.merge import Merge
from db.merge_customers import CUSTOMERS
from db.merges import ACCOUNTS, BILLS, CARDS
from db.staging import Staging, staging

MERGES = {"accounts": ACCOUNTS, "bills": BILLS, "cards": CARDS, "customers": CUSTOMERS}


@contextlib.asynccontextmanager
async def importing(engine: Engine, kind: str) -> AsyncIterator[Import]:
    """An import of `kind`, to be loaded, checked, merged and then kept; one that is not kept changes nothing."""
    async with staging(engine) as tables:
        begun = Import(tables, MERGES[kind])
        await begun.prepare()
        yield begun


class Import:
    """Use in this order: `load` and `spare`, `take_out_conflicts`, `take_out_contested`, `begin_alone`,
    `take_out_unknown`, `merge`, `keep`.

    Everything up to `begin_alone` leaves the database unlocked.
    """

    def __init__(self, tables: Staging, plan: Merge) -> None:
        self._tables = tables
        self._plan = plan
        self.unknown_column = plan.unknown_column

    async def prepare(self) -> None:
        plan = self._plan
        columns = ", ".join(f"{name} {kind}" for name, kind in plan.staged.items())
        keys = ", ".join(f"{name} {plan.staged[name]}" for name in plan.key)
        await self._tables.execute(f"CREATE TEMPORARY TABLE staged (line bigint, {columns})")
        await self._tables.execute(f"CREATE TEMPORARY TABLE spared ({keys})")
        await self._tables.execute("CREATE TEMPORARY TABLE staged_parts (line bigint, part text)")

    async def load(self, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of `("line", *staged)`, see db/merges.py."""
        await self._tables.load("staged", self._plan.columns, rows)
        if self._plan.lists:
            at = self._plan.columns.index(self._plan.lists)
            parts = [(row[0], part) for row in rows for part in row[at].split("|") if part]
            await self._tables.load("staged_parts", ("line", "part"), parts)

    async def spare(self, keys: Sequence[Sequence[str]]) -> None:
        """Keys of rows that were in the file but unusable: replacing must not take them for gone."""
        await self._tables.load("spared", self._plan.key, keys)

    async def take_out_conflicts(self, limit: int) -> tuple[int, list[tuple[int, int]]]:
        """Drop repeats of a key; how many differ from its first row, and the first of them as (line, first line)."""
        key = ", ".join(self._plan.key)
        await self._index("staged", f"{key}, line")
        if self._plan.lists:
            await self._index("staged_parts", "line, part")
            await self._tables.execute("CREATE INDEX staged_line ON staged (line)")
        await self._tables.execute(
            f"CREATE TEMPORARY TABLE repeats AS SELECT {key}, MIN(line) AS line FROM staged"
            f" GROUP BY {key} HAVING COUNT(*) > 1"
        )
        await self._index("repeats", key)
        differing = (
            f"FROM repeats r JOIN staged f ON {self._same('f', 'r')} AND f.line = r.line"
            f" JOIN staged s ON {self._same('s', 'r')} AND s.line > r.line WHERE "
            + " OR ".join(f"s.{name} IS DISTINCT FROM f.{name}" for name in self._plan.compared)
        )
        count = (await self._tables.fetch(f"SELECT COUNT(*) AS n {differing}"))[0]["n"]
        first = await self._tables.fetch(
            f"SELECT s.line, f.line AS first_line {differing} ORDER BY s.line LIMIT {limit}"
        )
        await self._tables.execute(
            "DELETE FROM staged WHERE EXISTS"
            f" (SELECT 1 FROM repeats r WHERE {self._same('r', 'staged')} AND r.line < staged.line)"
        )
        await self._drop_lone_parts()
        return count, [(row["line"], row["first_line"]) for row in first]

    async def begin_alone(self) -> None:
        """Wait for other imports, and from here on see what they have left."""
        await self._tables.begin_alone()

    async def take_out_unknown(self, limit: int) -> tuple[int, list[int]]:
        """Drop rows that name an account which is not there; how many, and the first lines."""
        return await self._take_out(self._plan.unknown, limit)

    async def take_out_contested(self, limit: int) -> tuple[int, list[int]]:
        """Drop rows that claim what an earlier one gives to somebody else; how many, and the first lines."""
        return await self._take_out(self._plan.contested, limit)

    async def _take_out(self, wrong: str, limit: int) -> tuple[int, list[int]]:
        if not wrong:
            return 0, []
        these = f"FROM staged s WHERE {wrong}"
        lines = await self._tables.fetch(f"SELECT s.line {these} ORDER BY s.line LIMIT {limit}")
        if not lines:
            return 0, []
        keys = ", ".join(f"s.{name}" for name in self._plan.key)
        await self._tables.execute(f"INSERT INTO spared SELECT {keys} {these}")
        count = await self._tables.execute(f"DELETE FROM staged WHERE line IN (SELECT s.line {these})")
        await self._drop_lone_parts()
        return count, [row["line"] for row in lines]

    async def staged(self) -> int:
        return int((await self._tables.fetch("SELECT COUNT(*) AS n FROM staged"))[0]["n"])

    async def merge(self, now: datetime, replace: bool) -> Counter[str]:
        """Counts of added, changed, unchanged and removed rows, and of what went with the removed."""
        await self._index("spared", ", ".join(self._plan.key))
        staged = await self.staged()
        counts: Counter[str] = Counter()
        for step in self._plan.steps:
            if step.replacing and not replace:
                continue
            if step.sql.startswith("SELECT"):
                counts[step.counted_as] += (await self._tables.fetch(step.sql))[0]["n"]
            else:
                counts[step.counted_as] += await self._tables.execute(step.sql, *([now] if "$1" in step.sql else []))
        counts["unchanged"] = staged - counts["added"] - counts["changed"]
        return counts

    async def keep(self) -> None:
        await self._tables.execute("COMMIT")

    async def _index(self, table: str, columns: str) -> None:
        await self._tables.execute(f"CREATE INDEX {table}_key ON {table} ({columns})")
        # PostgreSQL knows nothing of a temporary table's size until it is told.
        await self._tables.execute(f"ANALYZE {table}")

    async def _drop_lone_parts(self) -> None:
        if self._plan.lists:
            await self._tables.execute("DELETE FROM staged_parts WHERE line NOT IN (SELECT line FROM staged)")

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self._plan.key)
