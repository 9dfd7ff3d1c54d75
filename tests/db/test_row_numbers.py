"""The number of a row that is gone is never another row's: sessions and sealed cookies name rows by it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from db.engine import Engine, bound, make_engine, opened, run, transaction
from db.migrations.kabinet_row_numbers import TABLES, declare
from db.sqlite import SQLite

# What has to be told of a row where a column of it is unique or points elsewhere.
_COLUMNS = {
    "customers": "phone_hash", "accounts": "number", "consents": "phone_hash", "sessions": "token_hash",
    "connection_requests": "sealed",
}  # fmt: skip


async def _added(table: str) -> int:
    times = {"sessions": ("idle_until", "ends_at", "created_at", "seen_at"), "consents": ("given_at",)}
    times |= {"customers": ("registered_at",), "connection_requests": ("created_at",)}
    named = times.get(table, ())
    columns, values = [_COLUMNS[table], *named], ["'x'", *("CURRENT_TIMESTAMP" for _ in named)]
    (row,) = await run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values)}) RETURNING id")
    return int(row["id"])


@pytest.mark.parametrize("table", TABLES)
async def test_a_number_is_given_once(engine: Engine, table: str) -> None:
    first = await _added(table)
    await run(f"DELETE FROM {table}")
    assert await _added(table) > first


async def _as_it_was() -> None:
    """The declarations from before the migration."""
    (before,) = await run("PRAGMA schema_version")
    await run("PRAGMA writable_schema = ON")
    await run("UPDATE sqlite_master SET sql = replace(sql, ' AUTOINCREMENT', '') WHERE name <> 'numbered'")
    await run("DELETE FROM sqlite_sequence")
    await run(f"PRAGMA schema_version = {before['schema_version'] + 1}")
    await run("PRAGMA writable_schema = OFF")


async def test_a_database_with_rows_is_taken_over_while_others_read_it(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "kabinet.sqlite"
    shutil.copy(sqlite_template, path)
    async with opened(make_engine(f"sqlite:{path}")):
        engine = bound()
        assert isinstance(engine, SQLite)
        async with transaction():
            await _as_it_was()
        former = await _added("customers")
        await run("DELETE FROM customers")
        assert await _added("customers") == former, "without the declaration the number comes again"
        await run("INSERT INTO sessions (token_hash, customer) SELECT 't', id FROM customers")
        async with transaction():
            await declare()
        # By a reader that had the file open before.
        assert len(await run("SELECT id FROM sessions WHERE customer IS NOT NULL")) == 1
        assert await run("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert await run("PRAGMA foreign_key_check") == []
        await run("DELETE FROM customers")
        assert await run("SELECT id FROM sessions") == [], "what pointed at it goes with it, as before"
        assert await _added("customers") == former + 1
