"""The transaction of both engines: its owner, nested transactions, and the release of its connection.

An engine adds three hooks: `take` a connection, `begin` on it, and `release` it with nothing left open.
"""

from __future__ import annotations

import asyncio
import contextvars
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from piccolo.engine.base import BaseTransaction
from piccolo.engine.exceptions import TransactionError

from db.unavailable import database_faults

T = TypeVar("T")


async def run_to_completion(work: Awaitable[T]) -> T:
    """Finish `work` even when the caller is cancelled meanwhile, then let the cancellation go on.

    A statement that runs in a thread cannot be stopped: a task that is cancelled at a COMMIT must not give the
    connection to the next one before the COMMIT is done.
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


class Transactional(Protocol):
    """What a transaction needs of its engine: Piccolo keeps the current one in a context variable."""

    current_transaction: contextvars.ContextVar[Any]


def current(engine: Transactional) -> Any:
    """The transaction that the current task may use, or None; one that has ended is forgotten.

    Tasks inherit the variable of the task that made them, but not the right to use its transaction.
    """
    transaction: Transaction | None = engine.current_transaction.get()
    if transaction is None:
        return None
    if transaction.finished:
        engine.current_transaction.set(None)
        return None
    if transaction.owner is not asyncio.current_task():
        raise TransactionError("A transaction belongs to the task that began it")
    return transaction


class Transaction(BaseTransaction):
    """Stands before Piccolo's transaction of one database, which says how to begin, commit and roll back.

    A nested one joins the outer one. The connection is given back whatever happens, also when the task is cancelled.
    """

    # Of Piccolo's class.
    engine: Any
    commit: Callable[[], Coroutine[Any, Any, None]]
    _parent: Any
    _committed: bool
    _rolled_back: bool

    def __init__(self, engine: Transactional, *, allow_nested: bool = True) -> None:
        current(engine)
        super().__init__(engine, allow_nested=allow_nested)  # type: ignore[call-arg]
        self.owner = asyncio.current_task()
        self.finished = False
        # What is called when it has committed (`after_commit` in db/engine.py).
        self.afterwards: list[Callable[[], None]] = []

    @abstractmethod
    async def take(self) -> None:
        """Get a connection into `self.connection`."""

    @abstractmethod
    async def begin(self) -> None:
        """Begin on that connection; `release` undoes what comes of a failure."""

    @abstractmethod
    async def release(self) -> None:
        """Undo whatever is still open on the connection, and give it back."""

    async def __aenter__(self) -> Any:
        if self._parent is not None:
            return self._parent
        with database_faults():
            await self.take()
            try:
                await self.begin()
            except BaseException:
                await self.release()
                raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._parent is not None:
            return exception is None
        self.engine.current_transaction.reset(self.context)
        self.finished = True
        with database_faults():
            try:
                if exception is None and not self._rolled_back and not self._committed:
                    await run_to_completion(self.commit())
            finally:
                # Here, because the task may have been cancelled during the commit.
                for work in self.afterwards if self._committed else ():
                    work()
                await self.release()
        return exception is None
