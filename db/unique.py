"""A statement that a unique index may refuse, inside a transaction that goes on either way."""

from __future__ import annotations

from typing import Any

from db.engine import bound, run


async def unless_taken(sql: str, *arguments: Any) -> bool:
    """Run it; False where a unique index refuses. Part of the caller's transaction.

    For an UPDATE, which has no ON CONFLICT: PostgreSQL gives up the whole transaction without the savepoint.
    """
    await run("SAVEPOINT unless_taken")
    try:
        await run(sql, *arguments)
    except bound().constraint_violation as violation:
        await run("ROLLBACK TO SAVEPOINT unless_taken")
        if not bound().is_duplicate(violation):
            raise
        taken = True
    else:
        taken = False
    await run("RELEASE SAVEPOINT unless_taken")
    return not taken
