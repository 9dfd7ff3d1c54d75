"""The database engine that this process is bound to, and the functions by which db/ queries it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any, TypeVar, cast

from piccolo.table import Table

from db.postgres import Postgres, PostgresLimits
from db.sqlite import SQLite
from db.transactions import current

os.environ.setdefault("PICCOLO_CONF", "db.piccolo_conf")

Engine = SQLite | Postgres

Row = TypeVar("Row", bound=Mapping[str, object])

_bound: Engine | None = None


def make_engine(database: str, limits: PostgresLimits | None = None) -> Engine:
    """The engine for a `KABINET_DATABASE` that settings.py has checked; `limits` are PostgreSQL's."""
    if database.startswith("sqlite:"):
        return SQLite(database.removeprefix("sqlite:"))
    return Postgres(database, limits or PostgresLimits())


@contextlib.asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[Engine]:
    """Keep `engine` open, and every table of this process bound to it; then to the one before, if there was one."""
    before = _bound
    await engine.open()
    bind(engine)
    try:
        yield engine
    finally:
        if before is not None:
            bind(before)
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


def after_commit(work: Callable[[], None]) -> None:
    """Call `work` once the current transaction has committed, and never if it does not; at once where there is none."""
    ongoing = current(bound())
    if ongoing is None:
        work()
    else:
        ongoing.afterwards.append(work)


async def fetch(kind: type[Row], sql: str, *arguments: Any) -> Sequence[Row]:
    """The rows of a query, each a `kind`: the TypedDict that names exactly its columns."""
    return _typed(kind, await run(sql, *arguments))


async def fetch_one(kind: type[Row], sql: str, *arguments: Any) -> Row | None:
    """The first row, or None where there is none."""
    rows = await fetch(kind, sql, *arguments)
    return rows[0] if rows else None


async def run(sql: str, *arguments: Any) -> Sequence[dict[str, Any]]:
    """Run SQL that both databases read, with `{}` for each argument.

    Its rows are untyped and stay in the calling function: rows that leave db/ come from `fetch`.
    """
    engine = bound()
    rows = await engine.run_statement(_numbered(type(engine), sql), arguments)
    return engine.transform_response_to_dicts(rows)


@lru_cache(maxsize=1024)
def _numbered(kind: type[Engine], sql: str) -> str:
    """`sql` with the marks of that database; texts of statements hold no value, so they may be kept."""
    said, number = "", 0
    for text, name, _, _ in Formatter().parse(sql):
        said += text
        if name is not None:
            number += 1
            said += kind.placeholder(number)
    return said


def _typed(_kind: type[Row], rows: Sequence[dict[str, Any]]) -> Sequence[Row]:
    """Nothing is checked here; the tests replace this function by one that checks (tests/conftest.py)."""
    return cast("Sequence[Row]", rows)


def places(values: Collection[object]) -> str:
    """As many `{}` as there are values, for a list of them in SQL."""
    return ", ".join("{}" for _ in values)


def for_update() -> str:
    """The end of a SELECT that locks its rows until the transaction ends; empty where no lock is needed."""
    return bound().for_update


def for_no_key_update() -> str:
    """The same for a row that others refer to: rows with a foreign key to it may be added meanwhile."""
    return bound().for_no_key_update


def for_update_skip_locked() -> str:
    """The same, without the rows that another transaction has locked."""
    return bound().for_update_skip_locked
