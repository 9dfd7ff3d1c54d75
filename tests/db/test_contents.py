"""All of a database at one moment: every table, and no part of an import."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from db.contents import Contents, fill, require_empty, snapshot, to_be_filled
from db.engine import Engine, run, transaction
from db.importer import importing
from db.shapes import KEYS, PORTION, ContentsError, Shape
from db.sqlite import SQLite
from tests.db.test_import_in_portions import ACCOUNTS, NEW, Watched, compared, sqlite

__all__ = ["sqlite"]


async def test_every_table_is_copied_and_finds_what_it_points_at(engine: Engine) -> None:
    if engine.engine_type == "sqlite":
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        pointing = 'SELECT m.name AS one, f."table" AS other FROM sqlite_master m, pragma_foreign_key_list(m.name) f'
    else:
        tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        pointing = (
            "SELECT conrelid::regclass::text AS one, confrelid::regclass::text AS other FROM pg_constraint"
            " WHERE contype = 'f'"
        )
    assert {row["name"] for row in await run(tables)} == {*KEYS, "migration"}
    order = list(KEYS)
    pairs = [(row["one"], row["other"]) for row in await run(pointing)]
    assert len(pairs) >= 8
    assert [pair for pair in pairs if order.index(pair[0]) <= order.index(pair[1])] == []


async def _count(contents: Contents, table: str) -> tuple[int, int]:
    shape = next(shape for shape in contents.shapes if shape.name == table)
    portions = [len(rows) async for rows in contents.rows(shape)]
    return len(portions), sum(portions)


async def test_what_is_committed_later_is_not_in_it(engine: Engine) -> None:
    many = [f"({number}, 'x')" for number in range(PORTION + 1)]
    await run(f"INSERT INTO accounts (number, address) VALUES {', '.join(many)}")
    async with snapshot(engine) as contents:
        async with transaction():
            await run("INSERT INTO accounts (number, address) VALUES ('later', '')")
            await run("DELETE FROM accounts WHERE number = '5'")
        assert await _count(contents, "accounts") == (2, PORTION + 1)
    async with snapshot(engine) as contents:
        assert await _count(contents, "accounts") == (2, PORTION + 1)


async def test_an_import_is_in_it_or_is_not(sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[asyncio.Task[tuple[int, int]]] = []

    async def bills() -> tuple[int, int]:
        async with snapshot(sqlite) as contents:
            assert (await _count(contents, "import_state"), await _count(contents, "bill_changes")) == ((0, 0), (0, 0))
            return await _count(contents, "bills")

    async def look() -> None:
        tasks.append(asyncio.create_task(bills()))

    Watched(monkeypatch, look)
    async with importing(sqlite, "bills") as begun:
        await compared(sqlite, begun)
        await begun.apply(now)
    assert {count for _, count in await asyncio.gather(*tasks)} == {NEW[0]}
    assert len(tasks) > 10
    assert NEW[0] != ACCOUNTS


# --- What comes out other than it went in is noticed ---


async def test_each_row_is_compared(engine: Engine) -> None:
    """As if the database had changed a value, lost a row or made one up."""
    await run("INSERT INTO accounts (id, number, address) VALUES (1, '1', 'ул. Тихая'), (2, '2', ''), (3, '3', '')")
    async with snapshot(engine) as contents:
        shapes = contents.shapes
        whole = {shape.name: [row async for rows in contents.rows(shape) for row in rows] for shape in shapes}
    await run("DELETE FROM accounts")
    place = [name for name, _ in next(shape for shape in shapes if shape.name == "accounts").columns].index("address")

    class Changing:
        """Tells other rows when it is asked again."""

        def __init__(self, rows: list[tuple[object, ...]]) -> None:
            self.shapes, self.asked, self.again = shapes, 0, rows

        async def rows(self, shape: Shape):  # type: ignore[no-untyped-def]
            self.asked += shape.name == "accounts"
            rows = self.again if shape.name == "accounts" and self.asked == 2 else whole[shape.name]
            if rows:
                yield rows

    one, two, three = whole["accounts"]
    changed = (*two[:place], "ул. Тихая", *two[place + 1 :])
    for rows in ([one, changed, three], [one, two], [one, three], [one, two, three, changed], []):
        with pytest.raises(
            ContentsError, match=r"accounts: (the row with id [123] is not what|has rows that were not)"
        ):
            async with to_be_filled(engine) as target:
                await fill(target, Changing(rows), lambda _: None)
        await require_empty(engine)
    async with to_be_filled(engine) as target:
        await fill(target, Changing([one, two, three]), lambda _: None)
    assert len(await run("SELECT id FROM accounts")) == 3
