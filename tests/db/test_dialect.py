"""What differs between the two databases is answered by their engines, and asked nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from db.engine import Engine, for_no_key_update, for_update, for_update_skip_locked, run, transaction
from db.unique import unless_taken

ROOT = Path(__file__).parents[2]
ENGINES = {"db/sqlite.py", "db/postgres.py"}
# Which of its two kinds of staging an import has, who reads or writes all of a database, and what a database says of
# itself, is what these are about.
STAGING = {"db/staging.py", "db/importer.py", "db/contents.py", "db/diagnosis.py"}
ASKING = re.compile(r"engine_type\b|isinstance\([^)]*\b(SQLite|Postgres)\b|FOR (NO KEY )?UPDATE|SKIP LOCKED")


@pytest.mark.parametrize("folder", ["db", "domain", "routes"])
def test_nobody_asks_which_database_it_is(folder: str) -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and ASKING.search(path.read_text())
    }
    assert asking <= ENGINES | STAGING


@pytest.mark.parametrize("lock", [for_update, for_no_key_update, for_update_skip_locked])
async def test_every_lock_is_one_that_the_database_reads(engine: Engine, lock: object) -> None:
    assert callable(lock)
    async with transaction():
        assert await run("SELECT id FROM accounts" + lock()) == []


async def test_only_a_unique_index_makes_a_value_taken(engine: Engine) -> None:
    for number in ("1", "2"):
        await run("INSERT INTO accounts (number, address) VALUES ({}, '')", number)
    change = "UPDATE accounts SET number = {} WHERE number = '2'"
    async with transaction():
        assert not await unless_taken(change, "1")
        assert await unless_taken(change, "3")
    with pytest.raises(engine.constraint_violation):
        async with transaction():
            await unless_taken("UPDATE accounts SET number = {} WHERE number = '3'", None)
    assert [row["number"] for row in await run("SELECT number FROM accounts ORDER BY id")] == ["1", "3"]
