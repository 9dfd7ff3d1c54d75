"""What the readers of registry files hand on, and how a header is understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass


class RegistryFileError(Exception):
    """One line for the operator on why nothing of the file can be used."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A cell with a fault of its own, such as a long number that a spreadsheet has rounded."""

    reason: str

    def __len__(self) -> int:
        return len(self.reason)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported. `reason` never repeats what stood in it; `column` may be empty.

    `key` tells which row of the database it means, where that could still be read.
    """

    line: int
    column: str
    reason: str
    key: tuple[str, ...] | None = None


Cell = str | Misread
# The line it begins in (the row number in a workbook), and its cells in the order of the kind's columns.
Row = tuple[int, Sequence[Cell]]
# Told how much has been read and how much there is; bytes or rows.
Progress = Callable[[int, int], None]


def places(header: Sequence[str], columns: Sequence[str]) -> tuple[int, ...]:
    """Where each of `columns` stands in `header`; case and extra columns do not matter.

    One whose name ends in `?` may be missing, and is -1. Raises RegistryFileError when another one is, or one stands
    twice.
    """
    names = [name.strip("\ufeff \t\u00a0").casefold() for name in header]
    optional = {column.removesuffix("?") for column in columns if column.endswith("?")}
    columns = [column.removesuffix("?") for column in columns]
    missing = [column for column in columns if column not in names and column not in optional]
    if missing:
        needed = ", ".join(column for column in columns if column not in optional)
        raise RegistryFileError(f"the header has no column {', '.join(missing)}; needed: {needed}")
    twice = [column for column in columns if Counter(names)[column] > 1]
    if twice:
        raise RegistryFileError(f"the header has the column {', '.join(twice)} more than once")
    return tuple(names.index(column) if column in names else -1 for column in columns)


def wrong_width(line: int, found: int, expected: int) -> BadRow:
    return BadRow(line, "", f"has {found} cells where the header has {expected}")
