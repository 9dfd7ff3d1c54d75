"""`litestar requests`: the connection requests, until the staff have pages for them."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import click

from db import connection_requests
from db.connection_requests import ConnectionRequestRow, ListedRequestRow
from db.engine import Engine
from domain.portal import sealing_of
from routes.cli.printing import age, print_table
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database
from settings import Settings

_HEADINGS = ("number", "received", "age", "state")


@click.group("requests", invoke_without_command=True)
@click.pass_context
def requests_group(context: click.Context) -> None:
    """List the connection requests: number, date, age, and whether they are handled.

    `show` prints personal data to the terminal: names, phones, addresses. Nothing of it is logged.
    """
    if context.invoked_subcommand is None:
        settings = loaded_settings()

        async def work(_: Engine) -> None:
            rows, now = await connection_requests.listed(), await database_time()
            lines = [_cells(row, settings, now) for row in rows]
            print_table([_HEADINGS, *lines] if lines else [("No connection requests",)])

        run_with_database(settings, work)


@requests_group.command("show")
@click.argument("number")
def show(number: str) -> None:
    """Print everything that was typed into request NUMBER. It is personal data."""
    settings = loaded_settings()

    async def work(_: Engine) -> None:
        row = await found_request(number)
        try:
            entries = sealing_of(settings).unseal(row["sealed"])
        except ValueError:
            refuse(f"Connection request {row['id']} was sealed with another KABINET_SECRET")
        about = zip(_HEADINGS, _cells(row, settings, await database_time()), strict=True)
        print_table([(label, line) for label, text in [*about, *entries] for label, line in _lines(label, text)])

    run_with_database(settings, work)


@requests_group.command("handled")
@click.argument("number")
def mark_handled(number: str) -> None:
    """Mark request NUMBER as handled."""
    settings = loaded_settings()

    async def work(_: Engine) -> None:
        row = await found_request(number)
        await connection_requests.mark_handled(row["id"], await database_time())
        click.echo(f"Connection request {row['id']} is handled")

    run_with_database(settings, work)


async def found_request(number: str) -> ConnectionRequestRow:
    """The request, from its number as the e-mails write it."""
    digits = number.removeprefix("№").strip()
    # Cut first: for thousands of digits `int` raises a ValueError.
    known = await connection_requests.get(int(digits[:20])) if digits.isdecimal() else None
    if known is None:
        refuse(f"There is no connection request {number[:40]!r}")
    return known


def _cells(row: ListedRequestRow, settings: Settings, now: datetime) -> tuple[str, ...]:
    """One request under `_HEADINGS`, times in the portal's zone."""

    def local(at: datetime) -> str:
        return f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}"

    state = f"handled {local(row['handled_at'])}" if row["handled_at"] else "not handled"
    return (str(row["id"]), local(row["created_at"]), age(now - row["created_at"]), state)


def _lines(label: str, text: str) -> list[tuple[str, str]]:
    """A pair for each line. Only the first has the label, so a typed text cannot imitate a labelled line."""
    first, *more = (_printable(line) for line in text.splitlines() or [""])
    return [(label, first), *(("", line) for line in more)]


def _printable(text: str) -> str:
    """Without escape sequences and direction marks, which a terminal would act on."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return "".join(char if char.isprintable() else "\ufffd" for char in spaced)
