"""A database as another one: from SQLite to PostgreSQL, or whichever way."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from db.contents import Contents, Progress, snapshot
from domain.backups.target import check_target, fill_target
from domain.installation import opened_as_it_is
from settings import Settings


@dataclass(frozen=True)
class DatabaseCopy:
    """What there is to be copied, at one moment."""

    contents: Contents
    schema: Sequence[str]
    # By the names of the tables.
    rows: dict[str, int]
    target: Settings

    async def run(self, progress: Progress) -> None:
        """Copy all of it and compare every row, or leave the other database empty."""
        await fill_target(self.target, self.contents, self.schema, progress)


@contextlib.asynccontextmanager
async def prepared_copy(source: Settings, target: Settings) -> AsyncIterator[DatabaseCopy]:
    """Raises one of `UNUSABLE` unless one can be read and the other is empty and can be filled."""
    async with opened_as_it_is(source) as engine, snapshot(engine) as contents:
        schema = await contents.migrations()
        await check_target(target, schema)
        rows = {shape.name: await contents.count(shape) for shape in contents.shapes}
        yield DatabaseCopy(contents, schema, rows, target)
