"""The history of imports: which files came, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch
from db.tables import ImportedFile


class NewImport(TypedDict):
    """`done` is False for a file that was refused."""

    at: datetime
    kind: str
    who: str
    file: str
    sha256: str
    done: bool
    added: int
    changed: int
    unchanged: int
    removed: int
    skipped: int


class ImportRow(NewImport):
    id: int


class NewestRow(TypedDict):
    kind: str
    at: datetime


async def add(values: NewImport) -> None:
    await ImportedFile.insert(ImportedFile(**values))


async def newest(limit: int) -> Sequence[ImportRow]:
    """The newest first."""
    return await fetch(
        ImportRow,
        "SELECT id, at, kind, who, file, sha256, done, added, changed, unchanged, removed, skipped FROM imports"
        " ORDER BY id DESC LIMIT {}",
        limit,
    )


async def newest_of_each_kind() -> Sequence[NewestRow]:
    """Of the files that were imported."""
    return await fetch(
        NewestRow,
        # Not MAX(at): SQLite would return it as a text.
        "SELECT kind, at FROM imports WHERE id IN (SELECT MAX(id) FROM imports WHERE done = {} GROUP BY kind)",
        True,
    )
