"""Another `KABINET_SECRET`: what the database holds of the former one is sealed and hashed anew, while the portal runs.

A portal that has both secrets reads what was made with either, and writes with the present one. So rows may be brought
over in any order and at any time; each row tells itself whether it was, and whoever was killed just begins anew.
Which columns there are says db/secret_columns.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from db import installation, resealing
from db.engine import Engine, transaction
from db.importer import wait_for_imports
from db.resealing import SecretTable, secret_tables, source_name
from db.secret_columns import Hashed, Kind
from domain.installation import note_next_secret, secret_hash_of
from domain.sealing import Sealing
from domain.values.people import fold_email, fold_login

# Rows read at once, rows written in one transaction, and the pause after that, seconds: others write in between.
_READ, _WRITTEN, _PAUSE = 2000, 100, 0.03
_FOLD: Mapping[Kind, Callable[[str], str]] = {"phone": str, "email": fold_email, "login": fold_login}

# Is told of each portion of rows that has been looked at.
Progress = Callable[[int], None]


@dataclass
class Rotation:
    """What came of it."""

    rewritten: dict[str, int]
    # Rows that neither secret opens, and rows whose phone or login another customer has.
    unread: dict[str, list[int]]
    taken: dict[str, list[int]]
    # What only an import can bring over.
    imports: dict[str, int]


class SameNameError(Exception):
    """Texts of the two secrets cannot be told apart: another secret has to be made."""


async def rows_to_look_at() -> int:
    return sum([await resealing.count(table) for table in secret_tables()])


async def rotate(engine: Engine, sealing: Sealing, progress: Progress) -> Rotation:
    """Bring all rows over. When it returns nothing needs the former secret but what is named in the result."""
    if sealing.names_collide:
        raise SameNameError
    await note_next_secret(sealing)
    # One that goes on compares hashes of the former secret; those that come are refused from now on.
    await wait_for_imports(engine)
    rotation = Rotation({}, {}, {}, await resealing.to_be_imported())
    for table in secret_tables():
        await _bring_over(table, sealing, rotation, progress)
    await installation.end_rotation(secret_hash_of(sealing))
    return rotation


async def _bring_over(table: SecretTable, sealing: Sealing, rotation: Rotation, progress: Progress) -> None:
    """Until a look at all rows finds none left, not even one that somebody else was writing."""
    rotation.rewritten[table.name] = 0
    told = progress
    while True:
        rotation.unread[table.name], rotation.taken[table.name] = [], []
        last, left = 0, 0
        while rows := await resealing.after(table, last, _READ):
            last = rows[-1]["id"]
            due = [row["id"] for row in rows if _anew(table, row, sealing, rotation.unread[table.name])]
            for start in range(0, len(due), _WRITTEN):
                left += await _rewrite(table, due[start : start + _WRITTEN], sealing, rotation)
                await asyncio.sleep(_PAUSE)
            told(len(rows))
        if not left:
            return
        told = _ignore


def _ignore(_rows: int) -> None:
    pass


async def _rewrite(table: SecretTable, due: list[int], sealing: Sealing, rotation: Rotation) -> int:
    """How many of these rows have still to be written, because somebody else has them locked."""
    async with transaction():
        rows = await resealing.locked(table, due)
        for row in rows:
            values = _anew(table, row, sealing, [])
            if not values:
                continue
            if await resealing.rewrite(table, row["id"], values):
                rotation.rewritten[table.name] += 1
            else:
                rotation.taken[table.name].append(row["id"])
        seen = {row["id"] for row in rows}
    return len([row for row in due if row not in seen])


def _anew(table: SecretTable, row: Mapping[str, Any], sealing: Sealing, unread: list[int]) -> dict[str, str]:
    """What is to be written of a row; nothing where it is of the present secret."""
    values: dict[str, str] = {}
    try:
        for column in table.sealed:
            if row[column] and not sealing.is_of_today(row[column]):
                values[column] = sealing.seal(sealing.unseal(row[column]))
        for hashed in table.hashed:
            values |= _hashed_anew(hashed, row, sealing)
    except ValueError:
        unread.append(row["id"])
        return {}
    return values


def _hashed_anew(hashed: Hashed, row: Mapping[str, Any], sealing: Sealing) -> dict[str, str]:
    source = row[source_name(hashed)]
    if not row[hashed.column] or not source:
        return {}
    value = _FOLD[hashed.kind](sealing.unseal(source) if hashed.sealed else source)
    present, *former = sealing.keyed_hashes(hashed.kind, value)
    return {hashed.column: present} if row[hashed.column] in former else {}
