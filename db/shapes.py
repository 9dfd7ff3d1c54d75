"""What has to be known of a table to copy all of it, whichever database it is in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from piccolo.columns import Serial

from db.tables import TABLES

# A time is UTC.
Kind = Literal["integer", "text", "boolean", "date", "time"]
# How many rows are in memory at once: wide ones have 3 kB.
PORTION = 2000

Row = tuple[Any, ...]
Rows = Sequence[Row]

# In an order in which foreign keys find what they point at; of each table its key.
KEYS = {table._meta.tablename: table._meta.primary_key._meta.name for table in TABLES}
NUMBERED = frozenset(table._meta.tablename for table in TABLES if isinstance(table._meta.primary_key, Serial))


class ContentsError(Exception):
    """What is there cannot be copied as it is; the text is one line for the operator and holds no value of a row."""


@dataclass(frozen=True)
class Shape:
    """A table: its columns in the order of its rows' values, and the column that names a row."""

    name: str
    key: str
    columns: tuple[tuple[str, Kind], ...]
    # The highest number that a row was ever given; None where the database gives none.
    last_number: int | None

    @property
    def listed(self) -> str:
        """The columns as SQL lists them."""
        return ", ".join(f'"{name}"' for name, _ in self.columns)

    def named(self, row: Row) -> str:
        """A row as it is told to the operator; a key that is no number may say something of a customer."""
        value = row[[name for name, _ in self.columns].index(self.key)]
        return f"the row with {self.key} {value}" if isinstance(value, int) else "a row"


class Source(Protocol):
    """Where rows come from: a database, or a file that was written from one."""

    @property
    def shapes(self) -> Sequence[Shape]: ...

    def rows(self, shape: Shape) -> AsyncIterator[Rows]:
        """All rows of a table, ordered by its key, in portions of `PORTION`; only the last may be shorter."""


def kind_of(table: str, column: str, declared: str, kinds: dict[str, Kind]) -> Kind:
    """What a database calls `declared`, in our words."""
    name = declared.partition("(")[0].strip().lower()
    if name not in kinds:
        raise ContentsError(f"{table}.{column} is of a type that cannot be copied: {declared}")
    return kinds[name]
