"""`litestar registry …`: import, watch, history, and the fictitious company."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from db import imports
from db.engine import Engine, run
from db.imports import ImportRow
from domain.portal import make_portal, sealing_of
from domain.registry import demo_company
from domain.registry.file_import import Options, import_file
from domain.registry.folder import FolderError, WatchedFolder
from domain.registry.importing import import_rows
from domain.registry.kinds import KINDS, Kind, kinds
from domain.registry.rows import RegistryFileError
from domain.sealing import Sealing
from routes.cli.printing import print_table
from routes.cli.registry_output import lines_of, print_bad_rows, print_counts, progress_bar
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database
from routes.cli.stopping import Stopped, stopped_by_signals
from settings import Settings

# How often a watched folder is looked at, seconds.
_LOOK_AGAIN = 2.0
_HISTORY = ("when", "kind", "outcome", "added", "changed", "unchanged", "removed", "skipped", "who", "sha256", "file")


@click.group("registry", help=f"Fill the registry: {', '.join(KINDS)}.")
def registry_group() -> None:
    pass


@registry_group.command("kinds")
def list_kinds() -> None:
    """Say which columns a file of each kind has."""
    # The names of the columns depend on none of the arguments.
    for name, kind in kinds(Sealing("-"), (), date.max).items():
        click.echo(f"{name}: {'; '.join(kind.column_names)}" + _optional(kind))


def _import_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of stopping."),
        click.option(
            "--allow-removing",
            type=click.IntRange(0),
            default=0,
            metavar="N",
            help="Let up to N rows go, or accounts change their owner, where that is more than 1 %.",
        ),
        click.option("--replace", is_flag=True, help="Also remove what the file no longer has."),
    ):
        command = option(command)
    return command


@registry_group.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Tell what would change, change nothing.")
@_import_options
def import_one(kind: str, file: Path, **options: Any) -> None:
    """Import a CSV or XLSX FILE, all of it or nothing.

    --replace takes accounts away together with their bills until a file brings them back, and never removes a
    customer who has registered, recovered or signed in.
    """
    settings = loaded_settings()
    name = file.name or str(file)
    wanted = Options(**options)

    async def work(engine: Engine) -> None:
        with stopped_by_signals(), progress_bar(name) as progress:
            now = await database_time()
            report = await import_file(engine, make_portal(settings), kind, file, wanted, now, progress)
        print_bad_rows(name, report)
        if not report.done:
            refuse(f"{name}: nothing was imported; correct the rows above or leave them out with --skip-bad")
        print_counts(name, report, wanted.dry_run)

    try:
        run_with_database(settings, work)
    except RegistryFileError as error:
        refuse(f"{name}: {error}")
    except Stopped:
        refuse(f"{name}: stopped, and nothing of it is left half done")


@registry_group.command("watch")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Import what is there and end, for a timer.")
@click.option("--quiet", type=click.IntRange(0), default=10, help="Seconds after which an unchanged file is complete.")
@_import_options
def watch(folder: Path, *, once: bool, quiet: int, **options: Any) -> None:
    """Import the files that come into FOLDER, until SIGTERM or SIGINT.

    The name of a file begins with its kind: accounts-2026-09.csv. It goes to done/ or failed/, with a report. What
    ends in .part or .tmp, or begins with a dot, is not looked at: write under such a name, then rename.
    """
    settings = loaded_settings()

    async def work(engine: Engine) -> None:
        watched = WatchedFolder(folder, quiet, lines_of)
        with stopped_by_signals():
            await watched.look(engine, make_portal(settings), Options(**options), database_time, click.echo)
            while not once:
                await asyncio.sleep(_LOOK_AGAIN)
                await watched.look(engine, make_portal(settings), Options(**options), database_time, click.echo)

    try:
        run_with_database(settings, work)
    except FolderError as error:
        refuse(str(error))
    except Stopped:
        click.echo("stopped, and nothing is left half done")


@registry_group.command("history")
def history() -> None:
    """The newest 50 imports: when, what, who, which file by its SHA-256, and what came of it."""
    settings = loaded_settings()

    async def work(_: Engine) -> None:
        lines = [_line_of(row, settings) for row in await imports.newest(50)]
        print_table([_HISTORY, *lines] if lines else [("No imports",)])

    run_with_database(settings, work)


def _line_of(row: ImportRow, settings: Settings) -> tuple[str, ...]:
    counts = (row[name] for name in ("added", "changed", "unchanged", "removed", "skipped"))
    when = f"{row['at'].astimezone(settings.zone):%Y-%m-%d %H:%M}"
    outcome = "done" if row["done"] else "refused"
    return (when, row["kind"], outcome, *map(str, counts), row["who"], row["sha256"][:12], row["file"])


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


def _optional(kind: Kind) -> str:
    return f"; if it has that: {'; '.join(column.name for column in kind.optional)}" if kind.optional else ""


def _kinds(settings: Settings, countries: Sequence[str], now: datetime) -> dict[str, Kind]:
    return kinds(sealing_of(settings), countries, _today(settings, now))


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(settings.zone).date()
