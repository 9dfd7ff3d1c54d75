"""`litestar secret rotate`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import click

from domain.installation import UNUSABLE, error_line, opened_installation
from domain.portal import sealing_of
from domain.secret_rotation import Rotation, SameNameError, rotate, rows_to_look_at
from routes.cli.backups import rows_bar
from routes.cli.running import loaded_settings, refuse
from routes.cli.stopping import Stopped, stopped_by_signals

# As many rows are named at most.
_NAMED = 20


@click.group("secret")
def secret_group() -> None:
    """Replace KABINET_SECRET."""


@secret_group.command("rotate")
def rotate_command() -> None:
    """Bring all that was made with KABINET_SECRET_PREVIOUS over to KABINET_SECRET, while the portal runs.

    First restart every process with both. It may be stopped at any time and run again: it goes on where it was.
    """
    settings = loaded_settings()
    if not settings.secret_previous:
        refuse("KABINET_SECRET_PREVIOUS: is needed: the secret that KABINET_SECRET takes the place of")

    async def work() -> None:
        async with opened_installation(settings) as engine:
            with stopped_by_signals(), rows_bar("rotating", await rows_to_look_at()) as progress:
                rotation = await rotate(engine, sealing_of(settings), progress)
        _tell(rotation)

    try:
        asyncio.run(work())
    except SameNameError:
        refuse("KABINET_SECRET: cannot be told from the former one; make another: openssl rand -base64 48")
    except Stopped:
        refuse("stopped; run it again, and it goes on where it was")
    except (*UNUSABLE, OSError) as error:
        refuse(error_line(error))


def _tell(rotation: Rotation) -> None:
    for table, count in rotation.rewritten.items():
        click.echo(f"{table}: {count} rows brought over")
    _tell_rows("neither secret opens it, and it stays as it is", rotation.unread)
    _tell_rows("another customer has that phone or login; it stays as it is", rotation.taken)
    for table, count in rotation.imports.items():
        if count:
            click.echo(
                f"{table}: {count} rows can only be imported again, and are found until then while"
                f" KABINET_SECRET_PREVIOUS is set: litestar registry import {table} FILE --replace"
                f" --allow-removing {count}"
            )
    click.echo(
        "staff: recovery codes are to be made anew; the journal of the staff stays as it is, and is read and verified"
        " with the secret of its time: keep that"
    )
    click.echo("gateways that call with receipts have new addresses: litestar delivery receipts")
    click.echo("after that, and a day later for codes and links, remove KABINET_SECRET_PREVIOUS and restart")


def _tell_rows(what: str, rows: Mapping[str, list[int]]) -> None:
    for table, numbers in rows.items():
        for number in numbers[:_NAMED]:
            click.echo(f"{table}, row {number}: {what}", err=True)
        if len(numbers) > _NAMED:
            click.echo(f"{table}: {len(numbers)} such rows", err=True)
