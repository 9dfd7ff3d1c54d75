"""What both engines hold on to: a transaction has an owner, and work begun in a thread is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from piccolo.engine.exceptions import TransactionError

T = TypeVar("T")


async def run_to_completion(work: Coroutine[Any, Any, T]) -> T:
    """Finish `work` even when the client is cancelled meanwhile, then let the cancellation go on.

    A statement that a thread has begun cannot be called back: whoever stops waiting for a COMMIT must still
    not hand the connection to the next one before it is done.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - raised again by task.result() below
            pass
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


def joinable(transaction: Owned | None) -> Owned | None:
    """The transaction that the current task may use; tasks inherit the variable of the task that made them."""
    if transaction is None or transaction.finished:
        return None
    if transaction.owner is not asyncio.current_task():
        raise TransactionError("A transaction belongs to the task that began it")
    return transaction


class Owned:
    """What both kinds of transaction remember beside Piccolo's own fields."""

    finished: bool = False
    owner: asyncio.Task[Any] | None = None
