"""`litestar registry import` and `litestar registry demo`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from db.engine import Engine, run
from domain.portal import make_portal
from domain.registry import demo_company
from domain.registry.account_losses import tell_losses
from domain.registry.files import opened_rows
from domain.registry.importing import import_rows
from domain.registry.kinds import KINDS, Kind, kinds
from domain.registry.rows import RegistryFileError
from domain.sealing import Sealing
from routes.cli.registry_output import print_bad_rows, print_counts, progress_bar
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database
from routes.cli.stopping import Stopped, stopped_by_signals
from settings import Settings


@click.group("registry", help=f"Fill the registry: {', '.join(KINDS)}.")
def registry_group() -> None:
    pass


@registry_group.command("kinds")
def list_kinds() -> None:
    """Say which columns a file of each kind has."""
    # The names of the columns depend on none of the arguments.
    for name, kind in kinds(Sealing("-"), (), date.max).items():
        click.echo(f"{name}: {'; '.join(kind.column_names)}")


@registry_group.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Tell what would change, change nothing.")
@click.option("--replace", is_flag=True, help="Also remove what the file no longer has.")
@click.option(
    "--allow-removing",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Let --replace remove up to N rows, where that is more than 1 %.",
)
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of stopping.")
def import_file(kind: str, file: Path, dry_run: bool, replace: bool, allow_removing: int, skip_bad: bool) -> None:
    """Import a CSV or XLSX FILE, all of it or nothing.

    --replace takes accounts away together with their bills until a file brings them back, and never removes a
    customer who has registered, recovered or signed in.
    """
    settings = loaded_settings()
    name = file.name or str(file)

    async def work(engine: Engine) -> None:
        now = await database_time()
        wanted = _kinds(settings, settings.sms_countries, now)[kind]
        with (
            stopped_by_signals(),
            progress_bar(name) as progress,
            opened_rows(file, wanted.column_names, progress) as rows,
        ):
            report = await import_rows(
                engine, wanted, rows, now,
                replace=replace, skip_bad=skip_bad, dry_run=dry_run, allow_removing=allow_removing,
            )  # fmt: skip
        if report.done and not dry_run:
            await tell_losses(make_portal(settings), now)
        print_bad_rows(name, report)
        if not report.done:
            refuse(f"{name}: nothing was imported; correct the rows above or leave them out with --skip-bad")
        print_counts(name, report, dry_run)

    try:
        run_with_database(settings, work)
    except RegistryFileError as error:
        refuse(f"{name}: {error}")
    except Stopped:
        refuse(f"{name}: stopped, and nothing of it is left half done")


@registry_group.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are accounts already, or in production.")
def demo(if_empty: bool) -> None:
    """Load a fictitious company: 500 accounts, bills of three months, cards and customers."""
    settings = loaded_settings()
    if settings.production:
        if if_empty:
            return
        refuse("KABINET_MODE=production: the fictitious company is for development only")

    async def work(engine: Engine) -> None:
        if if_empty and await run("SELECT 1 FROM accounts LIMIT 1"):
            return
        now = await database_time()
        # Its phones are Russian, whichever countries the settings name.
        for name, kind in _kinds(settings, ("RU",), now).items():
            cells = [
                [row[column] for column in kind.column_names] for row in demo_company.ROWS[name](_today(settings, now))
            ]
            print_counts(name, await import_rows(engine, kind, enumerate(cells, 1), now))

    run_with_database(settings, work)


def _kinds(settings: Settings, countries: Sequence[str], now: datetime) -> dict[str, Kind]:
    return kinds(Sealing(settings.secret), countries, _today(settings, now))


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(settings.zone).date()
