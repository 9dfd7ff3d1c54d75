"""Runs a statement that a unique index may refuse, in a transaction that goes on in both cases."""

from __future__ import annotations

from typing import Any

from db.engine import bound, run


async def unless_taken(sql: str, *arguments: Any) -> bool:
    """Run it; False where a unique index refuses. Part of the caller's transaction.

    For an UPDATE, which has no ON CONFLICT: without the savepoint PostgreSQL would abort the whole transaction.
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
