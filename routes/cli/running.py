"""How a command runs: settings, database, schema, secret; and a refusal as one line on stderr with exit code 1."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NoReturn

import click

from db.clock import DatabaseClock
from db.engine import Engine
from domain.installation import UNUSABLE, error_line, load_settings, opened_installation
from settings import Settings, SettingsError


def refuse(line: str) -> NoReturn:
    click.echo(line, err=True)
    raise SystemExit(1)


def loaded_settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        refuse(str(error))


def run_with_database(settings: Settings, work: Callable[[Engine], Coroutine[Any, Any, None]]) -> None:
    """Open the database, bring its schema up to date, do the work."""

    async def run() -> None:
        async with opened_installation(settings) as engine:
            await work(engine)

    try:
        asyncio.run(run())
    except (*UNUSABLE, OSError) as error:
        refuse(error_line(error))


async def database_time() -> datetime:
    """The time of the bound database: the portal compares what a command has written with that clock."""
    clock = DatabaseClock()
    await clock.set()
    return clock()
