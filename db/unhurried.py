"""Work that may take long and says so: it is under no limit, and no request waits for it."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_unhurried: contextvars.ContextVar[bool] = contextvars.ContextVar("unhurried", default=False)


@contextlib.contextmanager
def unhurried() -> Iterator[None]:
    """Statements begun inside may take as long as they need: migrations, housekeeping."""
    before = _unhurried.set(True)
    try:
        yield
    finally:
        _unhurried.reset(before)


def is_unhurried() -> bool:
    return _unhurried.get()
