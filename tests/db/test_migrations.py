"""On PostgreSQL a migration has all its locks before it begins; while it has not, customers go first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import Engine, make_engine, opened, run
from db.migrate import applied_migrations, known_migrations, migrating, run_migrations
from db.postgres import Postgres
from tests.databases import empty_postgres

# Has tables with customers and the journal in it; later ones change both.
_FIRST = "2026-11-21T12:00:00:000002"
_LOCKED = re.compile(r"^LOCK TABLE (.+) IN ACCESS EXCLUSIVE MODE$")
# What a lock of these modes is waited for by nobody who reads or puts rows.
_HARMLESS = ("AccessShareLock", "RowShareLock")


@pytest.fixture
async def uri(postgres_uri: str) -> str:
    return await empty_postgres(postgres_uri)


@pytest.fixture
async def first_tables(uri: str) -> AsyncIterator[Engine]:
    async with opened(make_engine(uri)) as engine:
        async with migrating(engine):
            await run_migrations(_FIRST)
        yield engine


async def _tables() -> set[str]:
    return {row["name"] for row in await run("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")}


async def test_a_migration_locks_nothing_that_it_has_not_locked_at_its_beginning(
    first_tables: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, seen = set[str](), list[str]()
    original = Postgres.run_statement

    async def recorded(self: Postgres, query: str, arguments: Sequence[Any]) -> Any:
        if found := _LOCKED.match(query):
            asked.update(found[1].split(", "))
        return await original(self, query, arguments)

    async def look_at_the_end(self: MigrationManager, backwards: bool = False) -> None:
        held = await run(
            "SELECT c.relname AS name FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
            " WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
            f" AND l.mode NOT IN {_HARMLESS}"
        )
        taken = {row["name"] for row in held} & before
        assert taken <= asked, (self.migration_id, taken - asked)
        seen.extend(taken)

    monkeypatch.setattr(Postgres, "run_statement", recorded)
    monkeypatch.setattr(MigrationManager, "_run_drop_constraints", look_at_the_end)
    async with migrating(first_tables):
        for migration in sorted(known_migrations() - await applied_migrations()):
            asked.clear()
            before = await _tables()
            await run_migrations(migration)
    assert {"customers", "journal", "outbox"} <= set(seen)


async def test_a_migration_gives_way_to_a_customer_who_needs_both_tables(
    uri: str, first_tables: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    customer = await asyncpg.connect(uri)
    try:
        transaction = customer.transaction()
        await transaction.start()
        await customer.execute("LOCK TABLE email_links IN ROW EXCLUSIVE MODE")
        async with migrating(first_tables):
            changing = asyncio.create_task(run_migrations())
            # Long enough for PostgreSQL to look for a deadlock, and to end one of the two for it.
            await asyncio.sleep(1.5)
            await customer.execute("SET LOCAL lock_timeout = '20s'; LOCK TABLE customers IN ROW EXCLUSIVE MODE")
            assert not changing.done()
            await transaction.commit()
            async with asyncio.timeout(30):
                await changing
    finally:
        await customer.close()
    assert await applied_migrations() == known_migrations()
    assert "the schema waits for transactions that use customers, " in caplog.text
