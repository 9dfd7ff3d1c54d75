"""Everything that a database holds, for who reads or writes all of it: backup, restore, and the copy of a database.

Which tables there are and in which order they can be filled is what db/tables.py says; which columns each has is asked
of the database itself, as its schema may be an earlier one. Rows are tuples of Python's values, the same for both
databases, in the order of their keys.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import zip_longest

from db.engine import Engine
from db.importer import between_imports
from db.postgres_contents import PostgresContents
from db.shapes import ContentsError, Rows, Shape, Source
from db.sqlite import SQLite
from db.sqlite_contents import SQLiteContents

Contents = SQLiteContents | PostgresContents
# Is told of each portion of rows that has been dealt with.
Progress = Callable[[int], None]
# Its row is written by the first start.
_OF_THE_START = "installation"


@contextlib.asynccontextmanager
async def snapshot(engine: Engine) -> AsyncIterator[Contents]:
    """The database as it is at one moment, however long it is read; others go on writing meanwhile."""
    async with _opened(engine) as contents:
        async with between_imports(engine):
            await contents.begin_reading()
        yield contents


@contextlib.asynccontextmanager
async def to_be_filled(engine: Engine) -> AsyncIterator[Contents]:
    """A database without rows, in one transaction that nobody writes beside; all or nothing of it is there after.

    Raises ContentsError where it has rows.
    """
    async with _opened(engine) as contents:
        await contents.begin_writing()
        await _require_no_rows(contents)
        await contents.clear(_OF_THE_START)
        yield contents
        await _commit(contents)


async def _commit(contents: Contents) -> None:
    """Whoever ends the task now is too late: only without them is it known what has become of the rows."""
    commit = asyncio.ensure_future(contents.commit())
    while not commit.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(commit)
    commit.result()


async def require_empty(engine: Engine) -> None:
    """Raise ContentsError where a table has rows. A database that was started and never used is empty."""
    async with _opened(engine) as contents:
        await contents.begin_reading()
        await _require_no_rows(contents)


async def _require_no_rows(contents: Contents) -> None:
    for shape in contents.shapes:
        if shape.name != _OF_THE_START and await contents.has_rows(shape):
            raise ContentsError(f"it is not empty: there are rows in {shape.name}")


@contextlib.asynccontextmanager
async def _opened(engine: Engine) -> AsyncIterator[Contents]:
    contents = await (SQLiteContents.open(engine) if isinstance(engine, SQLite) else PostgresContents.open(engine))
    try:
        yield contents
    finally:
        await contents.close()


async def fill(target: Contents, source: Source, progress: Progress) -> None:
    """Bring all rows into place, then read them back and compare each with what it was made from."""
    _require_same_columns(target, source)
    for shape in source.shapes:
        async for rows in source.rows(shape):
            await target.load(shape, rows)
            progress(len(rows))
        if shape.last_number is not None:
            await target.set_last_number(shape.name, shape.last_number)
    await target.analyse()
    for shape in source.shapes:
        await _compare(shape, source, target, progress)


def _require_same_columns(target: Contents, source: Source) -> None:
    there = {shape.name: dict(shape.columns) for shape in target.shapes}
    wanted = {shape.name: dict(shape.columns) for shape in source.shapes}
    if differing := [name for name in {**there, **wanted} if there.get(name) != wanted.get(name)]:
        raise ContentsError(f"{differing[0]}: has other columns than where its rows come from")


async def _compare(shape: Shape, source: Source, target: Contents, progress: Progress) -> None:
    """Row by row: both come in the same order, in portions of the same size."""
    copied = target.rows(shape)
    async for rows in source.rows(shape):
        found: Rows = await anext(copied, [])
        if list(rows) != list(found):
            pairs = zip_longest(rows, found)
            row = next(one or other for one, other in pairs if one != other)
            raise ContentsError(f"{shape.name}: {shape.named(row)} is not what it was copied from")
        progress(len(rows))
    if await anext(copied, []):
        raise ContentsError(f"{shape.name}: has rows that were not copied")
