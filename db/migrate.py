"""Bring the schema up to date, one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import io
import os
from collections.abc import AsyncIterator

from piccolo.apps.migrations.commands.forwards import run_forwards

from db.engine import Engine
from db.sqlite import SQLite

# Any fixed number: what pg_advisory_lock is asked for. "kab" in ASCII.
_ADVISORY_LOCK = 0x6B6162


async def migrate(engine: Engine) -> None:
    """Run the migrations that have not run yet; `engine` is open and bound.

    Several processes may start at once: all but the first wait, then find nothing to do.
    Raises RuntimeError with Piccolo's reason when a migration is refused.
    """
    async with _alone(engine):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):  # it prints its progress, with pictures
            result = await run_forwards("kabinet")
        if not result.success:
            raise RuntimeError(f"The schema could not be brought up to date: {result.message}\n{said.getvalue()}")


@contextlib.asynccontextmanager
async def _alone(engine: Engine) -> AsyncIterator[None]:
    if isinstance(engine, SQLite):
        descriptor = os.open(f"{engine.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
        return
    connection = await engine.new_connection()
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        yield
    finally:
        await connection.close()
