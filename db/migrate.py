"""Bring the schema up to date, one process at a time."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from piccolo.apps.migrations.tables import Migration

from db.engine import Engine, bound
from db.migration_locks import TablesInUseError
from db.unhurried import unhurried

# Any fixed number: what PostgreSQL's advisory lock is asked for. "kab" in ASCII.
_ADVISORY_LOCK = 0x6B6162
# Who has waited for a migration goes on meanwhile, seconds; and how many tries one line in the log stands for.
_PAUSE, _SAID_EVERY = 0.5, 20
_LOG = logging.getLogger("kabinet.schema")
MIGRATIONS = Path(__file__).parent / "migrations"
# How a migration names itself, as Piccolo generates it.
_ID = re.compile(r'^ID = "([^"]+)"$', re.MULTILINE)
_DESCRIPTION = re.compile(r'^DESCRIPTION = "([^"]+)"$', re.MULTILINE)


class SchemaError(Exception):
    """The schema is not one that this program can work with; the text is one line for the operator."""


async def migrate(engine: Engine) -> None:
    """Run the migrations that have not run yet; `engine` is open and bound.

    Several processes may start at once: all but the first wait, then find nothing to do. Raises SchemaError where a
    migration is refused, or where one has run that this program does not have.
    """
    async with migrating(engine):
        with contextlib.suppress(SchemaError):
            if await applied_migrations() == known_migrations():
                return
        await run_migrations()
        await refuse_newer()


@contextlib.asynccontextmanager
async def migrating(engine: Engine) -> AsyncIterator[None]:
    """Other processes that would change the schema, which every start may do, wait meanwhile."""
    async with engine.locked(_ADVISORY_LOCK):
        yield


async def run_migrations(last: str = "all") -> None:
    """Those up to `last` that have not run yet. The caller is `migrating`.

    One that finds its tables in use gives way and is tried again, for as long as it takes: a backup may hold them.
    """
    # Not before it is needed: it brings a formatter of code and half of Piccolo along.
    from piccolo.apps.migrations.commands.forwards import run_forwards

    said, tries = io.StringIO(), 0
    while True:
        try:
            with contextlib.redirect_stdout(said), unhurried():  # it prints its progress, with pictures
                result = await run_forwards("kabinet", last)
            break
        except TablesInUseError as tables:
            if tries % _SAID_EVERY == 0:
                _LOG.warning("the schema waits for transactions that use %s", tables)
            tries += 1
        await asyncio.sleep(_PAUSE)
    if not result.success:
        raise SchemaError(f"the schema could not be brought up to date: {result.message or said.getvalue()}")


async def require_schema() -> None:
    """For `KABINET_MIGRATE=off`: raise SchemaError for a schema older than this program; a newer one is accepted."""
    missing = known_migrations() - await applied_migrations()
    if missing:
        raise SchemaError(
            f"its schema is older than this program: migration {min(missing)} has not run; KABINET_MIGRATE=on runs it"
        )


async def refuse_newer() -> None:
    """Raise SchemaError where a migration has run that this program does not have."""
    newer = await applied_migrations() - known_migrations()
    if newer:
        raise SchemaError(
            f"its schema is newer than this program, which has no migration {max(newer)};"
            " KABINET_MIGRATE=off runs all the same"
        )


async def applied_migrations() -> set[str]:
    """The ids of those that have run. Raises SchemaError where the database has no schema at all."""
    if not (applied := await migrations_so_far()):
        raise SchemaError("it has no schema yet; KABINET_MIGRATE=on makes it")
    return applied


async def migrations_so_far() -> set[str]:
    """The same, and none of a database that has no schema yet."""
    try:
        rows = await Migration.select(Migration.name).where(Migration.app_name == "kabinet")
    except bound().missing_table:
        return set()
    return {row["name"] for row in rows}


def known_migrations() -> set[str]:
    """The ids of the migrations that this program has."""
    return set(_sources())


@dataclass(frozen=True)
class PendingMigration:
    """A migration that has not run, in its own words: what it brings, in one line, and more of it."""

    id: str
    brings: str
    more: str


async def pending_migrations() -> Sequence[PendingMigration]:
    """In the order in which they run; all of them for a database without a schema."""
    applied = await migrations_so_far()
    return [_pending(name, source) for name, source in sorted(_sources().items()) if name not in applied]


def _pending(name: str, source: str) -> PendingMigration:
    brings = _DESCRIPTION.search(source)
    # Read and not imported: a migration is a program.
    more = ast.get_docstring(ast.parse(source)) or ""
    return PendingMigration(name, brings[1] if brings else "", " ".join(more.split("\n\n")[0].split()))


def _sources() -> dict[str, str]:
    sources = [file.read_text(encoding="utf-8") for file in MIGRATIONS.glob("*.py")]
    return {found: source for source in sources for found in _ID.findall(source)}
