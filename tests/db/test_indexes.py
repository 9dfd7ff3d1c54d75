"""What grows is found by an index: every foreign key, and every statement of a request."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from db import (
    captchas,
    cards,
    connection_requests,
    consents,
    customers,
    email_links,
    journal,
    leftovers,
    one_time_codes,
    outbox,
    receipts,
    registry,
    sessions,
    staff,
    staff_journal,
    staff_sessions,
    throttles,
)
from db.engine import Engine, make_engine, opened, run, transaction
from tests.databases import empty_postgres

MODULES = (
    captchas, cards, connection_requests, consents, customers, email_links, journal, leftovers, one_time_codes, outbox,
    receipts, registry, sessions, staff, staff_journal, staff_sessions, throttles,
)  # fmt: skip

_POSTGRES_KEYS = """
    SELECT con.conrelid::regclass::text AS name, con.confrelid::regclass::text AS refers,
        att.attname AS column_name, EXISTS (
        SELECT 1 FROM pg_index i WHERE i.indrelid = con.conrelid AND i.indkey[0] = con.conkey[1]
            AND i.indpred IS NULL
    ) AS indexed
    FROM pg_constraint con JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
    WHERE con.contype = 'f'
"""
_SQLITE_KEYS = """
    SELECT t.name, f."table" AS refers, f."from" AS column_name, (
        EXISTS (
            SELECT 1 FROM pragma_index_list(t.name) l, pragma_index_info(l.name) i
            WHERE i.seqno = 0 AND i.name = f."from" AND NOT l.partial
        ) OR EXISTS (
            SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = f."from" AND c.pk = 1 AND lower(c.type) = 'integer'
        )
    ) AS indexed
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
"""


async def test_every_foreign_key_has_an_index(engine: Engine) -> None:
    """Or the deletion of one customer reads every table that points at customers."""
    rows = await run(_SQLITE_KEYS if engine.engine_type == "sqlite" else _POSTGRES_KEYS)
    assert len(rows) >= 8
    assert [(row["name"], row["column_name"]) for row in rows if not row["indexed"]] == []
    # An import of many customers or bills would check each row by itself.
    assert {row["refers"] for row in rows} == {"customers", "customer_accounts", "staff"}


# --- The statements of requests ---

ROWS = 30_000
# These may read a whole table: what removes rows once an hour, and what lists requests and messages for the staff.
WHOLE = {"sweep", "forget", "forget_absent", "newest", "listed", "everybody"}
_NOW = datetime(2026, 9, 15, 11, 30, tzinfo=UTC)
_VALUES = {int: 1, str: "x", datetime: _NOW, bool: False, float: 1.0, bytes: b"x"}


async def _fill(table: str) -> None:
    """Rows of default values, but for what is unique, points at others or is looked up."""
    columns = await run(
        "SELECT a.attname AS name, format_type(a.atttypid, NULL) AS kind, a.atttypmod - 4 AS length, EXISTS (SELECT 1"
        " FROM pg_constraint WHERE conrelid = a.attrelid AND contype = 'f' AND a.attnum = ANY (conkey)) AS points"
        f" FROM pg_attribute a WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped"
        " AND (a.attname <> 'id' OR NOT a.atthasdef OR format_type(a.atttypid, NULL) LIKE 'char%')"
    )
    made = {
        "character varying": "left('v' || n, {})",
        "text": "'v' || n",
        "timestamp with time zone": "now() + n * interval '1 s'",
        "integer": "n",
        "bigint": "n",
        "boolean": "n % 2 = 0",
        "date": "current_date",
    }
    names = ", ".join(row["name"] for row in columns)
    values = ", ".join(
        "1 + n" if row["points"] else made[row["kind"]].replace("{}", str(row["length"])) for row in columns
    )
    await run(f"INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(0, {ROWS} - 1) n")


@pytest.fixture
async def large(postgres_uri: str) -> AsyncIterator[Engine]:
    """A database in which every table of the portal has `ROWS` rows."""
    database = await empty_postgres(postgres_uri, "kabinet_template")
    async with opened(make_engine(database)) as engine:
        tables = [
            row["name"]
            for row in await run(
                "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND relname NOT IN ('migration', 'import_state', 'bill_changes')"
                # Those that others point at come first.
                " ORDER BY (relname NOT IN ('customers', 'accounts', 'staff')),"
                " (relname <> 'customer_accounts'), relname"
            )
        ]
        for table in tables:
            await _fill(table)
        await run("ANALYZE")
        yield engine


def _value(annotation: Any) -> Any:
    """Something of this type; None where it is not one that a statement is looked up by."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return _value(next(a for a in arguments if a is not type(None)))
    if origin is typing.Literal:
        return arguments[0]
    if origin is not None and issubclass(origin, Collection) and not issubclass(origin, Mapping):
        inside = _value(arguments[0])
        return None if inside is None else [inside]
    return _VALUES.get(annotation)


def _functions() -> Iterator[Any]:
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            hints = typing.get_type_hints(function)
            arguments = [_value(hints[parameter]) for parameter in inspect.signature(function).parameters]
            if None not in arguments:
                yield pytest.param(name, function, arguments, id=f"{module.__name__}.{name}")


def scans(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from scans(below)


class _Undone(Exception):  # noqa: N818 - it ends a transaction, nothing is wrong
    """Rolls a transaction back."""


async def test_no_statement_of_a_request_reads_a_whole_table(large: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read: dict[str, list[str]] = {}
    run_statement = type(large).run_statement
    explained = 0

    async def explain(self: Any, sql: str, arguments: Sequence[Any]) -> Any:
        nonlocal explained
        connection = self.current_transaction.get().connection
        if sql.split(maxsplit=1)[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:  # a savepoint
            return await run_statement(self, sql, arguments)
        rows = await connection.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *arguments)
        explained += 1
        if found := list(scans(json.loads(rows[0][0])[0]["Plan"])):
            read.setdefault(current, []).append(f"{found}: {sql}")
        return await run_statement(self, sql, arguments)

    for parameter in _functions():
        name, function, arguments = parameter.values
        current = str(parameter.id)
        if name in WHOLE:
            continue
        try:
            async with transaction():
                monkeypatch.setattr(type(large), "run_statement", explain)
                await _called(function, arguments)
                raise _Undone
        except _Undone:
            pass
        finally:
            monkeypatch.setattr(type(large), "run_statement", run_statement)
    assert explained > 50
    assert read == {}


async def _called(function: Callable[..., Any], arguments: list[Any]) -> None:
    signature = inspect.signature(function)
    positional = [p.kind is not p.KEYWORD_ONLY for p in signature.parameters.values()]
    named = {name: value for name, value, p in zip(signature.parameters, arguments, positional, strict=True) if not p}
    await function(*(value for value, p in zip(arguments, positional, strict=True) if p), **named)
