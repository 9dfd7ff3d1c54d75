"""How PostgreSQL carries out an import: nothing grows with the square of a file, whatever the planner knew before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest

from db.engine import Engine, make_engine, opened, run
from db.importer import importing
from db.staging import PostgresStaging
from tests.databases import empty_postgres

ROWS = 20_000
_MANY = 50
_PERSON = ("sealed", "Ким", "Вера", "", None, "", "")
FILES: dict[str, list[tuple[Any, ...]]] = {
    "accounts": [(n, f"N{n}", "ул. Новая" if n % 2 else "", "", "") for n in range(ROWS // 2, ROWS * 3 // 2)],
    "bills": [(n, f"N{n}", f"2026-0{m}", 100 + n % 2) for m in (7, 8) for n in range(0, ROWS, 2)],
    # Every login stands with two holders.
    "cards": [
        (n, f"hash{n}", "0010", f"H{n}", f"tk{n // 2}", f"tk{n // 2}", "", f"{n % 2}")
        for n in range(ROWS // 2, ROWS * 3 // 2)
    ],
    "customers": [(n, f"hash{n}", *_PERSON, f"N{n % ROWS}|N{n // 2}") for n in range(ROWS // 2, ROWS * 3 // 2)],
}
_FILLED = (
    "INSERT INTO accounts (number, address) SELECT 'N' || n, '' FROM generate_series(0, {0} - 1) n",
    "INSERT INTO bills (account, period, amount_kopecks) SELECT id, '2026-08', 100 FROM accounts",
    "INSERT INTO cards (number_hash, last_four, holder_id, login, email_hash, phone_hash)"
    " SELECT 'hash' || n, '0010', 'H', 'tk', '', '0' FROM generate_series(0, {0} - 1) n",
    "INSERT INTO customers (phone_hash, phone_sealed, last_name, first_name, patronymic, email_hash, email_sealed,"
    " registered_at, imported) SELECT 'hash' || n, '', 'Ли', '', '', 'x', '', now(), true"
    " FROM generate_series(0, {0} - 1) n",
    "INSERT INTO customer_accounts (customer, account, attached_at)"
    " SELECT c.id, a.id, now() FROM customers c JOIN accounts a ON a.id = c.id",
)


@pytest.fixture
async def filled(postgres_uri: str) -> AsyncIterator[Engine]:
    """A database whose statistics are those of the empty one: autovacuum has not come by yet."""
    database = await empty_postgres(postgres_uri, "kabinet_template")
    async with opened(make_engine(database)) as engine:
        for table in ("accounts", "bills", "cards", "customers", "customer_accounts"):
            await run(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
            await run(f"ANALYZE {table}")
        for statement in _FILLED:
            await run(statement.replace("{0}", str(ROWS)))
        yield engine


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def faults(plan: dict[str, Any]) -> list[str]:
    """What grows with the product of two tables: a table read again for each row of another, or searched in a list."""
    found = []
    for node in nodes(plan):
        if "NOT (ANY" in str(node.get("Filter", "")) or "NOT (hashed" in str(node.get("Filter", "")):
            found.append(f"NOT IN: {node['Filter']}")
        if node["Node Type"] == "Nested Loop":
            outer, inner = node["Plans"]
            again = [below for below in nodes(inner) if below["Node Type"] == "Seq Scan" and below["Plan Rows"] > 1_000]
            if again and outer["Plan Rows"] > 1:
                found.append(f"nested loop over {again[0]['Relation Name']}")
            if "Join Filter" in node and inner.get("Plan Rows", 0) >= _MANY and outer["Plan Rows"] > 1:
                found.append(f"for each row {inner['Plan Rows']} others are read and thrown away")
        if (
            node.get("Parent Relationship") == "SubPlan"
            and node["Node Type"] == "Seq Scan"
            and node["Plan Rows"] > 1_000
        ):
            found.append(f"{node['Relation Name']} read for each row")
    return found


@pytest.mark.parametrize("after_a_dry_run", [False, True])
@pytest.mark.parametrize("kind", FILES)
async def test_no_statement_of_an_import_grows_with_the_square(
    filled: Engine, kind: str, now: datetime, monkeypatch: pytest.MonkeyPatch, after_a_dry_run: bool
) -> None:
    explained: list[tuple[str, dict[str, Any]]] = []
    execute, fetch = PostgresStaging.execute, PostgresStaging.fetch

    async def explain(tables: PostgresStaging, sql: str, arguments: tuple[Any, ...]) -> None:
        if sql.startswith(("INSERT", "UPDATE", "DELETE", "CREATE TEMPORARY TABLE", "SELECT")) and (
            " AS SELECT" in sql or not sql.startswith("CREATE")
        ):
            rows = await tables._connection.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *arguments)
            explained.append((sql, json.loads(rows[0][0])[0]["Plan"]))

    async def executed(self: PostgresStaging, sql: str, *arguments: Any) -> int:
        await explain(self, sql, arguments)
        return await execute(self, sql, *arguments)

    async def fetched(self: PostgresStaging, sql: str) -> list[dict[str, Any]]:
        await explain(self, sql, ())
        return await fetch(self, sql)

    monkeypatch.setattr(PostgresStaging, "execute", executed)
    monkeypatch.setattr(PostgresStaging, "fetch", fetched)
    for dry_run in (True, False) if after_a_dry_run else (False,):
        async with importing(filled, kind) as begun:
            await begun.load(FILES[kind])
            await begun.protect([FILES[kind][0][1 : 1 + len(begun._plan.key)]])
            await begun.take_out_conflicts(20)
            await begun.take_out_contested(20)
            await begun.begin_exclusive()
            await begun.take_out_unknown(20)
            await begun.compare(replace=True)
            if not dry_run:
                await begun.apply(now)
    assert len(explained) > 10
    assert {sql: faults(plan) for sql, plan in explained if faults(plan)} == {}


async def test_the_planner_knows_the_tables_after_an_import(filled: Engine, now: datetime) -> None:
    async with importing(filled, "customers") as begun:
        await begun.load(FILES["customers"])
        await begun.take_out_conflicts(20)
        await begun.begin_exclusive()
        await begun.take_out_unknown(20)
        await begun.compare(replace=False)
        await begun.apply(now)
    (row,) = await run("SELECT reltuples FROM pg_class WHERE relname = 'customers'")
    assert row["reltuples"] > ROWS
