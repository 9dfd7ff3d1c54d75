"""Bulk load of registry rows: they are staged, compared, then brought into place, all of them or none.

On PostgreSQL that is one transaction. On SQLite one transaction would keep the portal from writing for as long as it
takes, so the rows are brought in portions; db/import_state.py says how it is still all or nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from db import import_state
from db.engine import Engine, run
from db.plan import Plan
from db.plans import PLANS
from db.portions import Portions
from db.sqlite import SQLite
from db.staging import PostgresStaging, SQLiteStaging, Staging, staging


@contextlib.asynccontextmanager
async def importing(engine: Engine, kind: str) -> AsyncIterator[Import]:
    """An import of `kind`, to be loaded, checked, compared and applied; one that is not applied changes nothing."""
    async with staging(engine) as tables:
        begun = Import(tables, kind)
        await begun.prepare()
        try:
            yield begun
        except BaseException:
            await begun.abandon()
            raise


async def recover(engine: Engine) -> None:
    """Undo or finish what a killed import has left; nothing where an import is under way or none was killed."""
    if not isinstance(engine, SQLite) or not await run("SELECT 1 FROM import_state"):
        return
    async with staging(engine) as tables:
        assert isinstance(tables, SQLiteStaging)
        if tables.try_turn():
            await import_state.clear_up(tables, PLANS)


async def wait_for_imports(engine: Engine) -> None:
    """Return when no import is under way that was brought into place already, or may be."""
    async with staging(engine) as tables:
        await tables.take_turn()
        if isinstance(tables, SQLiteStaging):
            await import_state.clear_up(tables, PLANS)


@contextlib.asynccontextmanager
async def between_imports(engine: Engine) -> AsyncIterator[None]:
    """No import is half in place meanwhile. Only on SQLite could one be, with a part of it in a file of its own."""
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(engine, SQLite):
            tables = await stack.enter_async_context(staging(engine))
            assert isinstance(tables, SQLiteStaging)
            await tables.take_turn()
            await import_state.clear_up(tables, PLANS)
        yield


class Import:
    """Use in this order: `load` and `protect`, `take_out_conflicts`, `take_out_contested`, `begin_exclusive`,
    `take_out_unknown`, `compare`, `apply`.

    Everything up to `apply` leaves the database unlocked.
    """

    def __init__(self, tables: Staging, kind: str) -> None:
        self._tables = tables
        self._kind = kind
        self._plan: Plan = PLANS[kind]
        self.unknown_column = self._plan.unknown_column

    async def prepare(self) -> None:
        plan = self._plan
        columns = ", ".join(f"{name} {kind}" for name, kind in plan.staged.items())
        keys = ", ".join(f"{name} {plan.staged[name]}" for name in plan.key)
        await self._tables.create("staged", f"line bigint, {columns}")
        await self._tables.create("protected_keys", keys)
        await self._tables.create("staged_parts", "line bigint, part text")

    async def load(self, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of `("line", *staged)`, see db/plans.py."""
        await self._tables.load("staged", self._plan.columns, rows)
        if self._plan.lists:
            at = self._plan.columns.index(self._plan.lists)
            parts = [(row[0], part) for row in rows for part in row[at].split("|") if part]
            await self._tables.load("staged_parts", ("line", "part"), parts)

    async def protect(self, keys: Sequence[Sequence[str]]) -> None:
        """Keys of rows that were in the file but unusable: `--replace` must not remove their rows."""
        await self._tables.load("protected_keys", self._plan.key, keys)

    async def take_out_conflicts(self, limit: int) -> tuple[int, list[tuple[int, int]]]:
        """Drop repeats of a key; how many differ from its first row, and the first of them as (line, first line)."""
        key = ", ".join(self._plan.key)
        await self._tables.index_for_joins("staged", f"{key}, line")
        if self._plan.lists:
            await self._tables.index_for_joins("staged_parts", "line, part")
            await self._tables.index_for_joins("staged", "line")
        if self._plan.indexed:
            await self._tables.index("staged", self._plan.indexed)
        await self._tables.analyse_staged("staged", "staged_parts")
        await self._tables.create_grouped(
            "repeats", f"SELECT {key}, MIN(line) AS line FROM staged GROUP BY {key} HAVING COUNT(*) > 1"
        )
        await self._tables.index_for_joins("repeats", key)
        differing = (
            f"FROM repeats r JOIN staged f ON {self._same('f', 'r')} AND f.line = r.line"
            f" JOIN staged s ON {self._same('s', 'r')} AND s.line > r.line WHERE "
            + " OR ".join(f"s.{name} IS DISTINCT FROM f.{name}" for name in self._plan.compared)
        )
        count = (await self._tables.fetch(f"SELECT COUNT(*) AS n {differing}"))[0]["n"]
        first = await self._tables.fetch(
            f"SELECT s.line, f.line AS first_line {differing} ORDER BY s.line LIMIT {limit}"
        )
        if await self._tables.execute(
            "DELETE FROM staged WHERE EXISTS"
            f" (SELECT 1 FROM repeats r WHERE {self._same('r', 'staged')} AND r.line < staged.line)"
        ):
            await self._drop_lone_parts()
        return count, [(row["line"], row["first_line"]) for row in first]

    async def begin_exclusive(self) -> None:
        """Wait until other imports have ended, and clear up after a killed one."""
        await self._tables.take_turn()
        if isinstance(self._tables, SQLiteStaging):
            await import_state.clear_up(self._tables, PLANS)
        await self._tables.analyse(*self._plan.reads)

    async def take_out_unknown(self, limit: int) -> tuple[int, list[int]]:
        """Drop rows that name an unknown account; how many, and the first lines."""
        return await self._take_out(self._plan.unknown, limit)

    async def take_out_contested(self, limit: int) -> tuple[int, list[int]]:
        """Drop rows with a login that an earlier row has for another holder; how many, and the first lines."""
        return await self._take_out(self._plan.contested, limit)

    async def _take_out(self, wrong: str, limit: int) -> tuple[int, list[int]]:
        if not wrong:
            return 0, []
        these = f"FROM staged s WHERE {wrong}"
        lines = await self._tables.fetch(f"SELECT s.line {these} ORDER BY s.line LIMIT {limit}")
        if not lines:
            return 0, []
        keys = ", ".join(f"s.{name}" for name in self._plan.key)
        await self._tables.execute(f"INSERT INTO protected_keys SELECT {keys} {these}")
        count = await self._tables.execute(f"DELETE FROM staged WHERE line IN (SELECT s.line {these})")
        await self._drop_lone_parts()
        return count, [row["line"] for row in lines]

    async def staged(self) -> int:
        return await self._number("SELECT COUNT(*) AS n FROM staged")

    async def compare(self, replace: bool) -> Counter[str]:
        """What `apply` will do: added, changed, unchanged and removed rows, and what goes with the removed.

        `present` is the number of rows before the import.
        """
        await self._tables.index_for_joins("protected_keys", ", ".join(self._plan.key))
        await self._tables.analyse_staged("protected_keys")
        for difference in self._plan.differences:
            nothing = "" if replace or not difference.replacing else " LIMIT 0"
            await self._tables.create_as(difference.name, difference.select + nothing)
        counts: Counter[str] = Counter()
        for name, sql in self._plan.counts.items():
            counts[name] = await self._number(sql)
        counts["unchanged"] = await self.staged() - counts["added"] - counts["changed"]
        counts["present"] = await self._number(
            f"SELECT COUNT(*) AS n FROM {self._plan.table} WHERE {self._plan.present}"
        )
        return counts

    async def apply(self, now: datetime) -> None:
        """Bring the differences into place. When it returns they are committed, and every reader sees them."""
        if isinstance(self._tables, SQLiteStaging):
            await self._apply_in_portions(self._tables, now)
        else:
            await self._apply_at_once(self._tables, now)

    async def abandon(self) -> None:
        """Leave nothing running and nothing half done, as far as the database still answers."""
        await self._tables.stop()
        if isinstance(self._tables, SQLiteStaging) and self._tables.has_turn:
            with contextlib.suppress(OSError, sqlite3.Error):
                await import_state.clear_up(self._tables, PLANS)
                self._tables.needed = False

    async def _apply_at_once(self, tables: PostgresStaging, now: datetime) -> None:
        for step in self._plan.steps:
            for sql in step.statements:
                await tables.bring(sql.replace("{portion}", "true"), *([now] if "$1" in sql else []))
        await tables.execute("COMMIT")
        await tables.analyse(*self._plan.reads)

    async def _apply_in_portions(self, tables: SQLiteStaging, now: datetime) -> None:
        if self._plan.hidden:
            await import_state.hide(tables, self._kind)
            await Portions(tables).bring(self._plan.hidden, now)
            await import_state.decide(tables, self._kind, now, "")
            await import_state.finish_bills(tables)
        else:
            await tables.flush()
            tables.needed = True
            await import_state.decide(tables, self._kind, now, tables.changes.name)
            await Portions(tables).bring(self._plan.steps, now)
        await import_state.end(tables)
        tables.needed = False
        tables.give_turn_back()

    async def _number(self, sql: str) -> int:
        return int((await self._tables.fetch(sql))[0]["n"])

    async def _drop_lone_parts(self) -> None:
        if self._plan.lists:
            await self._tables.execute(
                "DELETE FROM staged_parts WHERE NOT EXISTS (SELECT 1 FROM staged s WHERE s.line = staged_parts.line)"
            )

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self._plan.key)
