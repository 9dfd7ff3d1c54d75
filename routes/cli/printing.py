"""How commands print tables and spans of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click


def age(passed: timedelta) -> str:
    seconds = max(0, int(passed.total_seconds()))
    number, unit = next(
        (seconds // length, unit)
        for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
        if seconds >= length or length == 1
    )
    return f"{number} {unit}{'' if number == 1 else 's'}"


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
