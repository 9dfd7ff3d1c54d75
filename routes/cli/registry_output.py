"""What an import prints for the operator; never the content of a cell."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from domain.registry import rows as registry_rows
from domain.registry.importing import Report


@contextlib.contextmanager
def progress_bar(name: str) -> Iterator[registry_rows.Progress]:
    """A bar on stderr where that is a terminal; it says "writing" once everything has been read."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def show(done: int, total: int) -> None:
            stage = "writing" if done >= total else "reading"
            progress.update(task, description=f"{name}: {stage}", completed=done, total=total or None)

        yield show


def print_bad_rows(name: str, report: Report) -> None:
    """The first bad rows on stderr, a line each."""
    for row in report.bad:
        column = f", {row.column}" if row.column else ""
        click.echo(f"{name}, line {row.line}{column}: {row.reason}", err=True)
    if report.skipped > len(report.bad):
        click.echo(f"{name}: and {report.skipped - len(report.bad)} more bad rows", err=True)


def print_counts(name: str, report: Report, dry_run: bool = False) -> None:
    """`bills.csv: 3 added, 0 changed, 5 unchanged, 0 removed, 0 skipped`, and which option the real run needs."""
    counts = ", ".join(
        f"{getattr(report, what)} {what}" for what in ("added", "changed", "unchanged", "removed", "skipped")
    )
    gone = f"; gone with them: {report.bills} bills, {report.attachments} customers' attachments"
    click.echo(
        f"{name}: {counts}{gone if report.bills or report.attachments else ''}"
        + (" (dry run, nothing was changed)" if dry_run else "")
    )
    if dry_run and report.to_be_allowed:
        gone = f"{report.removed} of {report.present} would be removed"
        if report.removed <= report.removable:
            gone = f"{report.attachments} of {report.attached} attached accounts would be taken from their customers"
        click.echo(f"{name}: {gone}: needs --allow-removing {report.to_be_allowed}")
