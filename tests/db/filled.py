"""A row or more in every table, with values that are easily lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from piccolo.columns import Boolean, Column, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.table import Table

from db.engine import bound, places, run
from db.tables import TABLES, BillChange, ImportState, Installation

ROWS = 7
# As if rows up to here had been there and were removed.
LAST_NUMBER = 40
_TEXTS = (
    "",
    "ул. Тихая, д. 1",
    'quoted "twice", \\ and\ttabbed',
    "two\nlines\r\n\u2028",
    "🏠 \u202e",
    "'); --",
    "null",
)


def value_of(column: Column, row: int) -> Any:
    match column:
        case ForeignKey() if column._meta.null and not column._meta.primary_key and row == 2:
            return None
        case ForeignKey() | Serial():
            return row
        case Boolean():
            return row % 2 == 1
        case Integer():
            # Kept small where another column's length depends on it.
            return row if column._meta.primary_key else 2**31 - row
        case Date():
            return date(1900 + row % 100, 2, 28) if row % 2 else None
        case Timestamptz():
            at = datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC) + timedelta(seconds=row, microseconds=row % 3)
            return None if column._meta.null and row % 2 else at
        case Text():
            return None if column._meta.null and row % 2 else f"{row} {_TEXTS[row % len(_TEXTS)]}"
    return None if column._meta.null and row % 2 else f"{'Zaёя'[row % 4]}{row}"


# Hold a part of an import that is being brought into place, or was killed.
OF_AN_IMPORT = (BillChange, ImportState)


async def fill_every_table(secret_hash: str, but: Sequence[type[Table]] = OF_AN_IMPORT) -> None:
    for table in TABLES:
        if table in but:
            continue
        columns = table._meta.columns
        names = ", ".join(f'"{column._meta.name}"' for column in columns)
        rows = [[value_of(column, row) for column in columns] for row in range(1, ROWS + 1)]
        if table is Installation:
            rows = [[1, secret_hash, "", 2**40, None]]
        for row in rows:
            await run(f"INSERT INTO {table._meta.tablename} ({names}) VALUES ({places(row)})", *row)
        if isinstance(table._meta.primary_key, Serial):
            await _number_up_to_the_last(table._meta.tablename)


async def _number_up_to_the_last(table: str) -> None:
    if bound().engine_type == "postgres":
        await run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {LAST_NUMBER})")
    else:
        await run(f"UPDATE sqlite_sequence SET seq = {LAST_NUMBER} WHERE name = '{table}'")


async def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the bound database as a query tells them, by table."""
    found = {}
    for table in TABLES:
        name, key = table._meta.tablename, table._meta.primary_key._meta.name
        rows = await run(f"SELECT * FROM {name}")
        found[name] = sorted((dict(row) for row in rows), key=lambda row: row[key])
    return found
