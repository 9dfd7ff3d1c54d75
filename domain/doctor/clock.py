"""This machine's clock: beside the database's, and by what the kernel says of it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from datetime import datetime

from domain.doctor.finding import Finding, green, unknown, yellow

# adjtimex(2): the clock is not synchronised. The structure has 208 bytes; all zero, it only asks.
_TIME_ERROR, _TIMEX_BYTES = 5, 256
# The portal goes by the database's clock; certificates, logs and backups do not. Seconds.
_APART = 2.0


def look_at_clock(machine: datetime, database: datetime) -> Iterator[Finding]:
    """The time here and there, at the same moment."""
    apart = abs((machine - database).total_seconds())
    found = f"{apart:.1f} s apart from the database's"
    yield yellow("clock", found, "synchronise both machines") if apart > _APART else green("clock", found)
    synchronised = _kernel_says_synchronised()
    if synchronised is None:
        yield unknown("time server", "this system does not say whether its clock is synchronised")
    elif synchronised:
        yield green("time server", "the clock is synchronised")
    else:
        yield yellow("time server", "the clock is not synchronised", "run chrony or systemd-timesyncd")


def _kernel_says_synchronised() -> bool | None:
    library = ctypes.CDLL(None)
    if sys.platform != "linux" or not hasattr(library, "adjtimex"):
        return None
    state = library.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else bool(state != _TIME_ERROR)
