"""Which of the two database engines this process is bound to, and what everyone asks of it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import asyncpg
from piccolo.querystring import QueryString
from piccolo.table import Table

from db.postgres import Postgres
from db.sqlite import SQLite

os.environ.setdefault("PICCOLO_CONF", "db.piccolo_conf")

Engine = SQLite | Postgres
# What a database that is away, full or overloaded raises, whichever it is.
FAULTS = (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)

_bound: Engine | None = None


def make_engine(database: str) -> Engine:
    """The engine for a `KABINET_DATABASE` that settings.py has checked."""
    if database.startswith("sqlite:"):
        return SQLite(database.removeprefix("sqlite:"))
    return Postgres(database)


@contextlib.asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[Engine]:
    """Bind every table of this process to `engine` and keep it open."""
    await engine.open()
    bind(engine)
    try:
        yield engine
    finally:
        await engine.close()


def bind(engine: Engine) -> None:
    """Make `engine` the one that all tables and `transaction()` use."""
    global _bound  # noqa: PLW0603 - Piccolo's tables are global, so is what they are bound to
    from piccolo.apps.migrations.tables import Migration

    from db import piccolo_conf
    from db.tables import TABLES

    _bound = piccolo_conf.DB = engine
    tables: tuple[type[Table], ...] = (*TABLES, Migration)
    for table in tables:
        table._meta.db = engine


def bound() -> Engine:
    """The engine that `bind` has set."""
    if _bound is None:
        raise RuntimeError("No database engine is bound")
    return _bound


def transaction() -> contextlib.AbstractAsyncContextManager[object, None]:
    """One transaction for everything the current task does inside `async with`; nested ones join it."""
    return cast("contextlib.AbstractAsyncContextManager[object, None]", bound().transaction())


async def run(sql: str, *arguments: Any) -> Sequence[dict[str, Any]]:
    """Run SQL that both databases read, with `{}` for each argument; rows as dictionaries.

    For what Piccolo's query builder cannot say: conditional upserts, claims, row locks.
    """
    engine = bound()
    rows = await engine.run_querystring(QueryString(sql, *arguments))
    return engine.transform_response_to_dicts(rows or [])


def for_update() -> str:
    """The row lock that PostgreSQL needs inside a transaction; SQLite has one writer at a time anyway."""
    return " FOR UPDATE" if bound().engine_type == "postgres" else ""


def for_no_key_update() -> str:
    """The same for a row that others refer to: whoever only adds a row with a foreign key to it need not wait."""
    return " FOR NO KEY UPDATE" if bound().engine_type == "postgres" else ""
