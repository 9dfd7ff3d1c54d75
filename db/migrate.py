"""Bring the schema up to date, one process at a time."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from piccolo.apps.migrations.tables import Migration

from db.engine import Engine, bound
from db.unhurried import unhurried

# Any fixed number: what PostgreSQL's advisory lock is asked for. "kab" in ASCII.
_ADVISORY_LOCK = 0x6B6162
MIGRATIONS = Path(__file__).parent / "migrations"
# How a migration names itself, as Piccolo generates it.
_ID = re.compile(r'^ID = "([^"]+)"$', re.MULTILINE)


class SchemaError(Exception):
    """The schema is not one that this program can work with; the text is one line for the operator."""


async def migrate(engine: Engine) -> None:
    """Run the migrations that have not run yet; `engine` is open and bound.

    Several processes may start at once: all but the first wait, then find nothing to do. Raises SchemaError where a
    migration is refused, or where one has run that this program does not have.
    """
    async with engine.locked(_ADVISORY_LOCK):
        with contextlib.suppress(SchemaError):
            if await _applied() == known_migrations():
                return
        # Not before it is needed: it brings a formatter of code and half of Piccolo along.
        from piccolo.apps.migrations.commands.forwards import run_forwards

        said = io.StringIO()
        with contextlib.redirect_stdout(said), unhurried():  # it prints its progress, with pictures
            result = await run_forwards("kabinet")
            if not result.success:
                raise SchemaError(f"the schema could not be brought up to date: {result.message or said.getvalue()}")
            await _refuse_newer()


async def require_schema() -> None:
    """For `KABINET_MIGRATE=off`: raise SchemaError for a schema older than this program; a newer one is accepted."""
    missing = known_migrations() - await _applied()
    if missing:
        raise SchemaError(
            f"its schema is older than this program: migration {min(missing)} has not run; KABINET_MIGRATE=on runs it"
        )


async def _refuse_newer() -> None:
    newer = await _applied() - known_migrations()
    if newer:
        raise SchemaError(
            f"its schema is newer than this program, which has no migration {max(newer)};"
            " KABINET_MIGRATE=off runs all the same"
        )


async def _applied() -> set[str]:
    try:
        rows = await Migration.select(Migration.name).where(Migration.app_name == "kabinet")
    except bound().missing_table:
        raise SchemaError("it has no schema yet; KABINET_MIGRATE=on makes it") from None
    return {row["name"] for row in rows}


def known_migrations() -> set[str]:
    """The ids of the migrations that this program has."""
    return {found for file in MIGRATIONS.glob("*.py") for found in _ID.findall(file.read_text(encoding="utf-8"))}
