"""Rows whose values come from `KABINET_SECRET`, a portion at a time, to be written anew with another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.engine import for_update_skip_locked, places, run
from db.secret_columns import HASHED, IMPORTED, SEALED, Hashed
from db.unique import unless_taken


@dataclass(frozen=True)
class SecretTable:
    """What is written anew of a table."""

    name: str
    sealed: tuple[str, ...]
    hashed: tuple[Hashed, ...]


def secret_tables() -> list[SecretTable]:
    """A value that others are hashed from stands before them."""
    names = dict.fromkeys([*(table for table, _ in SEALED), *(hashed.table for hashed in HASHED)])
    return [
        SecretTable(
            name,
            tuple(column for table, column in SEALED if table == name),
            tuple(hashed for hashed in HASHED if hashed.table == name),
        )
        for name in names
    ]


async def count(table: SecretTable) -> int:
    return int((await run(f"SELECT COUNT(*) AS n FROM {table.name}"))[0]["n"])


async def after(table: SecretTable, last: int, portion: int) -> Sequence[Mapping[str, Any]]:
    """The rows after the row `last`; nothing is locked."""
    return await run(
        f"SELECT {_columns(table)} FROM {table.name} WHERE id > {{}} ORDER BY id LIMIT {{}}", last, portion
    )


async def locked(table: SecretTable, rows: Sequence[int]) -> Sequence[Mapping[str, Any]]:
    """Those of these rows that nobody else is writing, locked until the transaction ends."""
    return await run(
        f"SELECT {_columns(table)} FROM {table.name} WHERE id IN ({places(rows)}) ORDER BY id"
        + for_update_skip_locked(),
        *rows,
    )


async def rewrite(table: SecretTable, row: int, values: Mapping[str, str]) -> bool:
    """False where another row has a hash that has to be unique."""
    changes = ", ".join(f"{column} = {{}}" for column in values)
    return await unless_taken(f"UPDATE {table.name} SET {changes} WHERE id = {{}}", *values.values(), row)


async def to_be_imported() -> dict[str, int]:
    """How many rows there are of each table that has hashes of the company's files alone."""
    tables = dict.fromkeys(table for table, _ in IMPORTED)
    return {table: int((await run(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"]) for table in tables}


def source_name(hashed: Hashed) -> str:
    """Under which the rows have what is hashed."""
    return f"{hashed.column}_source"


def _columns(table: SecretTable) -> str:
    sources = [f"{hashed.source} AS {source_name(hashed)}" for hashed in table.hashed]
    return ", ".join(["id", *table.sealed, *(hashed.column for hashed in table.hashed), *sources])
