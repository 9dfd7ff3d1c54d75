"""The empty database that a backup is restored into, or that another database is copied to."""

from __future__ import annotations

from collections.abc import Sequence

from db import installation
from db.contents import Progress, fill, require_empty, to_be_filled
from db.engine import Engine, opened
from db.migrate import SchemaError, known_migrations, migrating, migrations_so_far, run_migrations
from db.shapes import Source
from domain.installation import engine_of, require_secret
from domain.portal import sealing_of
from settings import Settings


def migrations_after(schema: Sequence[str]) -> int:
    """How many migrations this program has beyond `schema`. Raises SchemaError where it cannot start from that."""
    known = sorted(known_migrations())
    if newer := set(schema) - set(known):
        raise SchemaError(f"what it would be filled with is newer than this program, which has no {max(newer)}")
    if not schema or list(schema) != known[: len(schema)]:
        raise SchemaError("what it would be filled with has a schema that this program never made")
    return len(known) - len(schema)


async def check_target(settings: Settings, schema: Sequence[str]) -> None:
    """Raise one of `UNUSABLE` unless the database is empty and can be filled; nothing is made or changed."""
    migrations_after(schema)
    engine = engine_of(settings)
    if engine.exists():
        async with opened(engine):
            await _check(engine, settings, schema)


async def _check(engine: Engine, settings: Settings, schema: Sequence[str]) -> None:
    applied = await migrations_so_far()
    if not applied:
        return
    await require_empty(engine)
    if applied - set(schema):
        raise SchemaError("its schema is newer than what it would be filled with; name a database without one")
    if applied == set(schema) and await installation.secret_hash() is not None:
        await require_secret(sealing_of(settings))


async def fill_target(settings: Settings, source: Source, schema: Sequence[str], progress: Progress) -> None:
    """Fill it under the schema of its rows, and compare every row; or leave it empty, also when the task is ended.

    The migrations that came after are left to the next start.
    """
    async with opened(engine_of(settings)) as engine, migrating(engine):
        await _check(engine, settings, schema)
        await run_migrations(schema[-1])
        async with to_be_filled(engine) as target:
            await fill(target, source, progress)
