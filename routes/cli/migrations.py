"""`litestar migrate`: the schema brought up to date by itself, before the release that needs it is started."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from db.engine import opened
from db.migrate import PendingMigration, known_migrations, migrate, pending_migrations, refuse_newer
from domain.installation import UNUSABLE, engine_of, error_line, require_secret
from domain.portal import sealing_of
from routes.cli.running import loaded_settings, refuse
from settings import Settings, without_password


@click.command("migrate")
@click.option("--plan", is_flag=True, help="Tell what would be done, and change nothing.")
def migrate_command(plan: bool) -> None:
    """Run the migrations that this release has and the database has not seen, whatever KABINET_MIGRATE says.

    The portal may serve meanwhile: migrations only add, so the former release goes on beside the new schema.
    """
    settings = loaded_settings()
    try:
        asyncio.run(_tell_plan(settings) if plan else _run(settings))
    except (*UNUSABLE, OSError) as error:
        refuse(error_line(error))


async def _tell_plan(settings: Settings) -> None:
    engine = engine_of(settings)
    shown = without_password(settings.database)
    if not engine.exists():
        click.echo(f"{shown}: does not exist yet; {_counted(len(known_migrations()))} would make it")
        return
    async with opened(engine):
        pending = await pending_migrations()
        if len(pending) < len(known_migrations()):
            await refuse_newer()
    if not pending:
        click.echo(f"{shown}: nothing to do, all {_counted(len(known_migrations()))} have run")
        return
    click.echo(f"{shown}: {_counted(len(pending))} would run")
    _tell(pending)
    click.echo("they only add: a release that serves now goes on; make a backup first: litestar backup FILE")


async def _run(settings: Settings) -> None:
    async with opened(engine_of(settings)) as engine:
        pending = await pending_migrations()
        await migrate(engine)
        await require_secret(sealing_of(settings))
    _tell(pending)
    click.echo(f"{without_password(settings.database)}: {_counted(len(pending))} run, the schema is up to date")


def _tell(pending: Sequence[PendingMigration]) -> None:
    for migration in pending:
        click.echo(f"{migration.id}  {migration.brings}")
        if migration.more:
            click.echo(f"    {migration.more}")


def _counted(number: int) -> str:
    return f"{number} migration{'' if number == 1 else 's'}"
