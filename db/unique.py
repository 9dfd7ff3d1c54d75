"""A statement that a unique index may refuse, inside a transaction that goes on either way."""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg

from db.engine import run


async def unless_taken(sql: str, *arguments: Any) -> bool:
    """Run it; False where a unique index refuses. Part of the client's transaction.

    For an UPDATE, which has no ON CONFLICT: PostgreSQL gives up the whole transaction without the savepoint.
    """
    await run("SAVEPOINT unless_taken")
    try:
        await run(sql, *arguments)
    except (asyncpg.UniqueViolationError, sqlite3.IntegrityError) as error:
        await run("ROLLBACK TO SAVEPOINT unless_taken")
        if isinstance(error, sqlite3.Error) and error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        taken = True
    else:
        taken = False
    await run("RELEASE SAVEPOINT unless_taken")
    return not taken
