"""The SQL that brings each kind of registry rows from the temporary table `staged` into its own table.

Both databases read all of it. `spared` holds the keys of rows that could not be imported: `--replace` leaves
those alone, because the file does have them. `$1` is the time of the import.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """A statement and the count it adds to: the rows it touched, or the number that a SELECT COUNT gives."""

    counted_as: str
    sql: str
    replacing: bool = False


@dataclass(frozen=True)
class Merge:
    """How rows of one kind are staged, compared and merged; `staged` maps its columns to their types.

    `unknown` is true of a staged row `s` that names an account which is not there, in `unknown_column`.
    `lists` is the column whose parts, `|` between, are staged one by one in `staged_parts`.
    """

    staged: dict[str, str]
    key: tuple[str, ...]
    # Told apart when one key stands twice in a file; sealed values are not, they differ each time.
    compared: tuple[str, ...]
    steps: tuple[Step, ...]
    unknown: str = ""
    unknown_column: str = ""
    lists: str = ""
    # True of a staged row `s` that claims what an earlier row of the file gives to somebody else.
    contested: str = ""
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", ("line", *self.staged))


def differ(table: str, columns: dict[str, str]) -> str:
    return "(" + " OR ".join(f"{table}.{theirs} IS DISTINCT FROM s.{ours}" for theirs, ours in columns.items()) + ")"


def absent(key: str) -> str:
    """True where neither a staged nor a spared row, each as `s`, has the key."""
    return f"NOT EXISTS (SELECT 1 FROM staged s WHERE {key}) AND NOT EXISTS (SELECT 1 FROM spared s WHERE {key})"


NO_SUCH_ACCOUNT = "NOT EXISTS (SELECT 1 FROM accounts a WHERE a.number = {})"
