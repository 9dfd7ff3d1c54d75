"""Tells who sends messages in this process that one has been committed, so that none waits for the next poll."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


class Posted:
    """Call it once a message has been committed."""

    def __init__(self) -> None:
        self._told: set[Callable[[], None]] = set()

    def __call__(self) -> None:
        for tell in self._told:
            tell()

    @contextlib.contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """`tell` is called for each message that is committed meanwhile."""
        self._told.add(tell)
        try:
            yield
        finally:
            self._told.discard(tell)
