"""How an import of one kind gets from the staged rows of a file to the tables of the portal.

First the differences are written into tables of their own, which changes nothing; then steps bring them into
place. Both databases read all of the SQL. `$1` is the time of the import, and `protected_keys` holds the keys of rows
that could not be imported: `--replace` leaves those alone, because the file does have them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Difference:
    """What the import will do, a row each: the table `name`, filled by `select`. `replacing`: with --replace only."""

    name: str
    select: str
    replacing: bool = False


@dataclass(frozen=True)
class Step:
    """Statements that bring rows `d` of a difference into place, in one transaction for each `{portion}` of them.

    They may run again after a crash, and hold their conditions themselves: a customer may have acted meanwhile.
    """

    difference: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """How rows of one kind are staged, compared and brought into place; `staged` maps its columns to their types.

    `table` is where the rows get to; `present` is true of a row that is not absent. `reads` are all tables read.
    `counts` are SELECTs over the differences for each figure of the report.
    `hidden` are the first steps of an import in portions: readers see nothing of them until it is decided.
    `unknown` is true of a staged row `s` that names an account which is not there, in `unknown_column`.
    `contested` is true of a staged row with a login that an earlier one has for another holder; `indexed` is its index.
    `lists` is the column with several values, separated by `|`, which are staged one by one in `staged_parts`.
    """

    staged: dict[str, str]
    key: tuple[str, ...]
    # Compared when a key stands twice in a file; not sealed values, which differ each time.
    compared: tuple[str, ...]
    table: str
    reads: tuple[str, ...]
    differences: tuple[Difference, ...]
    counts: dict[str, str]
    steps: tuple[Step, ...]
    hidden: tuple[Step, ...] = ()
    present: str = "true"
    unknown: str = ""
    unknown_column: str = ""
    contested: str = ""
    indexed: str = ""
    lists: str = ""
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", ("line", *self.staged))


def count(difference: str) -> str:
    return f"SELECT COUNT(*) AS n FROM {difference}"


def differ(table: str, columns: dict[str, str]) -> str:
    return "(" + " OR ".join(f"{table}.{theirs} IS DISTINCT FROM s.{ours}" for theirs, ours in columns.items()) + ")"


def not_in_file(key: str) -> str:
    """True where neither a staged nor a protected row, each as `s`, has the key."""
    return (
        f"NOT EXISTS (SELECT 1 FROM staged s WHERE {key}) AND NOT EXISTS (SELECT 1 FROM protected_keys s WHERE {key})"
    )


NO_SUCH_ACCOUNT = "NOT EXISTS (SELECT 1 FROM accounts a WHERE a.number = {} AND a.absent_since IS NULL)"
