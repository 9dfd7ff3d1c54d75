"""`litestar backup` and `litestar restore`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Coroutine, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from db import contents
from domain.backups.archive import Manifest, opened_archive
from domain.backups.backup import back_up
from domain.backups.target import check_target, fill_target, migrations_after
from domain.backups.whole_file import ArchiveError
from domain.installation import UNUSABLE, error_line, opened_as_it_is, opened_installation
from domain.portal import sealing_of
from routes.cli.running import database_time, loaded_settings, refuse
from routes.cli.stopping import Stopped, stopped_by_signals
from settings import Settings, without_password


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_command(file: Path) -> None:
    """Write everything that the database holds to the new FILE, while the portal runs.

    KABINET_SECRET is not in it: keep that apart.
    """
    settings = loaded_settings()

    async def work() -> None:
        async with opened_as_it_is(settings) as engine:
            with stopped_by_signals(), rows_bar("backing up", None) as progress:
                manifest = await back_up(engine, file, sealing_of(settings), await database_time(), progress)
        click.echo(f"{file}: {manifest.rows} rows of {len(manifest.tables)} tables, {_size(file)}")

    run_apart(work(), f"{file}: stopped, and nothing was written")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check FILE and the database, tell what would be done, do nothing.")
def restore_command(file: Path, dry_run: bool) -> None:
    """Fill the empty database of KABINET_DATABASE with what `litestar backup` has written to FILE.

    It is all or nothing, and every row is read back and compared.
    """
    settings = loaded_settings()

    async def work() -> None:
        with stopped_by_signals(), opened_archive(file, sealing_of(settings)) as archive:
            manifest = archive.manifest
            with rows_bar("checking", manifest.rows) as progress:
                await archive.check(progress)
            await check_target(settings, manifest.schema)
            _say_what_is_done(file, manifest, settings)
            if dry_run:
                click.echo("dry run, nothing was changed")
                return
            with rows_bar("restoring", 2 * manifest.rows) as progress:
                await fill_target(settings, archive, manifest.schema, progress)
        if settings.migrate == "on":
            async with opened_installation(settings):
                pass  # its schema is brought up to date
        click.echo(f"{file}: restored, and {manifest.rows} rows compared")

    run_apart(work(), f"{file}: stopped, and nothing of it is in the database")


def _say_what_is_done(file: Path, manifest: Manifest, settings: Settings) -> None:
    made = datetime.fromisoformat(manifest.made_at).astimezone(settings.zone)
    click.echo(f"{file}: made {made:%Y-%m-%d %H:%M:%S %Z}, whole, of this KABINET_SECRET")
    click.echo(f"rows: {listed_rows({table.name: table.rows for table in manifest.tables})}")
    later = migrations_after(manifest.schema) if settings.migrate == "on" else 0
    then = f", then {later} migration{'' if later == 1 else 's'} that it has not seen" if later else ""
    click.echo(f"goes into {without_password(settings.database)}, which is empty{then}")


def listed_rows(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{table} {count}" for table, count in rows.items() if count) or "none"


def run_apart(work: Coroutine[Any, Any, None], stopped: str) -> None:
    """Run a command that opens its databases by itself; what cannot be is one line."""
    try:
        asyncio.run(work)
    except ArchiveError as error:
        refuse(str(error))
    except Stopped:
        refuse(stopped)
    except (*UNUSABLE, OSError) as error:
        refuse(error_line(error))


@contextlib.contextmanager
def rows_bar(title: str, total: int | None) -> Iterator[contents.Progress]:
    """How many rows have been dealt with, on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _rows: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda rows: progress.advance(task, rows)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 2**20:.1f} MB"
