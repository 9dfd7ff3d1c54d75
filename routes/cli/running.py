"""How a command runs: settings, database, schema; and a refusal as one line on stderr with exit code 1."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NoReturn

import asyncpg
import click

from db.engine import Engine, make_engine, opened
from db.migrate import migrate
from settings import Settings, SettingsError, load


def refuse(line: str) -> NoReturn:
    click.echo(line, err=True)
    raise SystemExit(1)


def loaded_settings() -> Settings:
    try:
        return load()
    except SettingsError as error:
        refuse(str(error))


def run_with_database(settings: Settings, work: Callable[[Engine], Coroutine[Any, Any, None]]) -> None:
    """Open the database, bring its schema up to date, do the work."""

    async def run() -> None:
        async with opened(make_engine(settings.database)) as engine:
            if settings.migrate == "on":
                await migrate(engine)
            await work(engine)

    with _database_faults_in_a_line():
        asyncio.run(run())


@contextlib.contextmanager
def _database_faults_in_a_line() -> Iterator[None]:
    """Only the first line: what follows in PostgreSQL's message repeats the row."""
    try:
        yield
    except (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, RuntimeError) as error:
        said = str(error).strip() or type(error).__name__
        refuse(f"The database cannot be used: {said.splitlines()[0]}")
