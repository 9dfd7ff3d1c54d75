"""`litestar database copy`."""

from __future__ import annotations

import click

from domain.backups.database_copy import DatabaseCopy, prepared_copy
from domain.installation import load_settings, opened_installation
from routes.cli.backups import listed_rows, rows_bar, run_apart
from routes.cli.running import refuse
from routes.cli.stopping import stopped_by_signals
from settings import Settings, SettingsError, without_password


@click.group("database")
def database_group() -> None:
    """Move the database."""


@database_group.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--dry-run", is_flag=True, help="Check both databases, tell what would be copied, do nothing.")
def copy(source: str, target: str, dry_run: bool) -> None:
    """Copy everything from the database FROM to the empty database TO.

    Both are written as in KABINET_DATABASE; a password is better left to PGPASSWORD or ~/.pgpass. It is all or nothing,
    and every row is read back and compared. Stop the portal first: what it writes meanwhile is not copied.
    """
    begun = _settings("FROM", database=source)
    # The secret of the one is the other's.
    made = _settings("TO", database=target, secret=begun.secret)

    async def work() -> None:
        with stopped_by_signals():
            async with prepared_copy(begun, made) as prepared:
                _say_what_is_done(prepared, begun)
                if dry_run:
                    click.echo("dry run, nothing was changed")
                    return
                with rows_bar("copying", 2 * sum(prepared.rows.values())) as progress:
                    await prepared.run(progress)
        if made.migrate == "on":
            async with opened_installation(made):
                pass  # its schema is brought up to date
        click.echo(f"copied, and {sum(prepared.rows.values())} rows compared")
        click.echo("name it in KABINET_DATABASE, and keep KABINET_SECRET")

    run_apart(work(), "stopped, and nothing of it is in the database")


def _settings(argument: str, **instead: str) -> Settings:
    try:
        return load_settings(**instead)
    except SettingsError as error:
        refuse(str(error).replace("KABINET_DATABASE", argument))


def _say_what_is_done(prepared: DatabaseCopy, begun: Settings) -> None:
    click.echo(f"rows: {listed_rows(prepared.rows)}")
    into = without_password(prepared.target.database)
    click.echo(f"goes from {without_password(begun.database)} into {into}, which is empty")
