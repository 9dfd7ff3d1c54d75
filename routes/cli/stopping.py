"""How a long command ends on Ctrl-C and SIGTERM: what it has started is ended first."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):  # noqa: N818 - it is what the operator asked for
    """A signal has ended the work, and everything under way has been undone."""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Around the work of a task: a signal cancels it, so that the database's statement ends with it.

    Raises Stopped then. A second signal ends the process at once.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        task.cancel()

    for each in _SIGNALS:
        loop.add_signal_handler(each, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
        task.uncancel()
        raise Stopped from None
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
