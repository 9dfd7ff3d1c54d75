"""`litestar journal`: whether the journal of the staff is whole."""

from __future__ import annotations

import re

import click

from db.engine import Engine
from domain.portal import make_portal
from domain.scope import NOBODY, Scope
from domain.staff import journal
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database


@click.group("journal")
def journal_group() -> None:
    """The journal of what the staff have looked at and done."""


@journal_group.command("verify")
@click.option("--holds", help="NUMBER:HASH as an earlier run has printed it: that entry must still be there.")
def verify(holds: str | None) -> None:
    """Follow the chain of entries from the first to the last.

    Keep what it prints outside of this machine: the next run with --holds tells whether anything was cut off since.
    """
    noted = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", holds) if holds is not None else None
    if holds is not None and noted is None:
        refuse("--holds: write NUMBER:HASH as an earlier run has printed it")
    settings = loaded_settings()

    async def work(_: Engine) -> None:
        scope = Scope(make_portal(settings), NOBODY, await database_time())
        found = await journal.verify(scope, holds=(int(noted[1]), noted[2]) if noted else None)
        if found.wrong is not None:
            refuse(f"The journal is broken at entry {found.wrong}")
        click.echo(f"The journal is whole: {found.entries} entries, the last is {found.entries}:{found.hash}")

    run_with_database(settings, work)
