"""How the portal logs: one line for an event, on stderr; never a path, a value or a whole address.

All lines written while a request is answered carry its id.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from litestar.logging import LoggingConfig

_ROOT = Path(__file__).parent.parent
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"
# The id of the request that is being answered.
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class WithRequest(logging.Filter):
    """Gives every record the id of the request that is being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = request_id.get()
        return True


class Lines(logging.Formatter):
    """Works out date and time once a second: it is half of the time that a line takes."""

    _second, _time = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        second = int(record.created)
        if second != self._second:
            self._second, self._time = second, time.strftime("%Y-%m-%d %H:%M:%S", self.converter(second))
        return f"{self._time},{int(record.msecs):03d}"


def logging_settings(level: str) -> dict[str, Any]:
    """For `logging.config`: our own loggers at `level`; libraries that print addresses and bodies at WARNING."""
    quiet = {"level": "WARNING", "handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"standard": {"()": Lines, "format": _FORMAT}},
        "filters": {"request": {"()": WithRequest}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "standard",
                "filters": ["request"],
            }
        },
        "root": {"level": level.upper(), "handlers": ["console"]},
        "loggers": {
            **{name: dict(quiet) for name in ("httpx", "httpcore", "aiosmtplib", "aiosqlite", "asyncio", "litestar")},
            "_granian": {"level": "INFO", "handlers": ["console"], "propagate": False},
        },
    }


def logging_config(level: str) -> LoggingConfig:
    """The same as Litestar wants it, written at once: a thread that writes them would be missing in a forked worker."""
    values = logging_settings(level)
    values["handlers"]["queue_listener"] = values["handlers"]["console"]
    return LoggingConfig(
        **{name: value for name, value in values.items() if name != "disable_existing_loggers"},
        disable_existing_loggers=False,
        log_exceptions="never",
    )


def fault_line(error: BaseException) -> str:
    """Types of the exceptions and places in the code, innermost last; never a message, which may quote typed text."""
    kinds = []
    seen: BaseException | None = error
    while seen is not None:
        kinds.append(type(seen).__name__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_ours(frame.filename)][-4:]
    places = " > ".join(f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno}" for frame in own)
    last = frames[-1] if frames else None
    if last is not None and not _is_ours(last.filename):
        places += f" > {Path(last.filename).name}:{last.lineno}"
    return f"{' from '.join(kinds)} at {places or 'an unknown place'}"


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(_ROOT) and "site-packages" not in path.parts


def fault_trace(error: BaseException) -> str:
    """Every frame with its line of code, without the message."""
    return "".join(traceback.format_tb(error.__traceback__))
