"""What an import prints for the operator; never the content of a cell."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from domain.registry import rows as registry_rows
from domain.registry.importing import Report

# No machine cleans as many rows a second: it is bytes.
_MANY_ROWS = 200_000


class _Rate(ProgressColumn):
    """How fast a file is read: bytes of a CSV, rows of a workbook."""

    def render(self, task: Task) -> Text:
        speed = task.speed or 0
        return Text(f"{speed / 2**20:.1f} MB/s" if speed > _MANY_ROWS else f"{speed:.0f}/s" if speed else "")


@contextlib.contextmanager
def progress_bar(name: str) -> Iterator[registry_rows.Progress]:
    """A bar on stderr where that is a terminal; it says "writing" once everything has been read."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def show(done: int, total: int) -> None:
            stage = "writing" if done >= total else "reading"
            if stage == "writing":
                # From here on nothing tells how far it is.
                progress.update(task, description=f"{name}: {stage}", completed=0, total=None)
                return
            progress.update(task, description=f"{name}: {stage}", completed=done, total=total or None)

        yield show


def print_bad_rows(name: str, report: Report) -> None:
    """The first bad rows on stderr, a line each."""
    for line in _bad_rows(name, report):
        click.echo(line, err=True)


def print_counts(name: str, report: Report, dry_run: bool = False) -> None:
    for line in _counts(name, report, dry_run):
        click.echo(line)


def lines_of(name: str, report: Report) -> list[str]:
    """Both, for the report beside a file."""
    return [*_bad_rows(name, report), *(_counts(name, report, dry_run=False) if report.done else [])]


def _bad_rows(name: str, report: Report) -> Iterator[str]:
    for row in report.bad:
        column = f", {row.column}" if row.column else ""
        yield f"{name}, line {row.line}{column}: {row.reason}"
    if report.skipped > len(report.bad):
        yield f"{name}: and {report.skipped - len(report.bad)} more bad rows"


def _counts(name: str, report: Report, dry_run: bool) -> Iterator[str]:
    """`bills.csv: 3 added, 0 changed, 5 unchanged, 0 removed, 0 skipped`, and which option the real run needs."""
    counts = ", ".join(
        f"{getattr(report, what)} {what}" for what in ("added", "changed", "unchanged", "removed", "skipped")
    )
    gone = f"; gone with them: {report.bills} bills, {report.attachments} customers' attachments"
    yield (
        f"{name}: {counts}{gone if report.bills or report.attachments else ''}"
        + (" (dry run, nothing was changed)" if dry_run else "")
    )
    yield from _account_changes(name, report)
    if dry_run and report.to_be_allowed:
        gone = f"{report.removed} of {report.present} would be removed"
        if report.removed <= report.removable:
            gone = f"{report.attachments} of {report.attached} attached accounts would be taken from their customers"
        if report.reowned > report.removable:
            gone = f"{report.reowned} of {report.present} would have another owner"
        yield f"{name}: {gone}: needs --allow-removing {report.to_be_allowed}"


def _account_changes(name: str, report: Report) -> Iterator[str]:
    if report.readdressed:
        yield f"{name}: accounts with another address: {report.readdressed}; their customers see the new one"
    if report.reowned:
        yield (
            f"{name}: accounts with another owner: {report.reowned}; attachments that end: {report.ended};"
            " only bills from this month on prove such an account"
        )
    if report.renumbered:
        yield (
            f"{name}: removed accounts whose address comes under another number: {report.renumbered};"
            " their customers add the new number by a bill"
        )
