"""How a migration gets its locks on PostgreSQL: all of them at its beginning, or none.

One that takes them as it goes waits for a customer who waits for it, and PostgreSQL ends the customer's transaction.
One that waits for long makes everybody wait who comes after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg

from db.engine import bound
from db.unavailable import DatabaseUnavailableError

# Milliseconds for all of them together. PostgreSQL looks for deadlocks after a second of waiting, so nobody has waited
# for this migration that long when it gives way (`deadlock_timeout`, which only a superuser may change).
_AT_MOST = 500
_REFUSED = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


class TablesInUseError(Exception):
    """Other transactions hold tables that a migration changes; nothing has been done, and it may be tried again."""


def locking(*tables: str) -> Callable[[], Awaitable[None]]:
    """The first step of a migration: lock the `tables` that it alters, indexes, rewrites or refers to.

    Raises TablesInUseError.
    """

    async def lock() -> None:
        try:
            await bound().lock_tables(tables, _AT_MOST)
        except DatabaseUnavailableError as error:
            if isinstance(error.__cause__, _REFUSED):
                raise TablesInUseError(", ".join(tables)) from error
            raise

    return lock
