"""How the portal logs: one line for an event, on stderr; never a path, a value or a whole address.

In production a line is a JSON object, else it is there to be read. All lines written while a request is answered carry
its id.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from litestar.logging import LoggingConfig

_ROOT = Path(__file__).parent.parent
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"
_encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode
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


class Objects(Lines):
    """A JSON object a line. structlog's formatter says the same in four times the time of a line."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": self.formatTime(record).replace(" ", "T").replace(",", ".") + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": getattr(record, "request", "-"),
            **(getattr(record, "fields", None) or {"event": record.getMessage()}),
        }
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None:
            # Only where it came from: its text may quote what was typed.
            said["fault"] = fault_line(fault)
        return _encode(said)


def logged_fields(**fields: Any) -> dict[str, Any]:
    """For `extra` of a line: in production they stand in its object in the place of its text."""
    return {"fields": fields}


def logging_settings(level: str, *, production: bool) -> dict[str, Any]:
    """For `logging.config`: our own loggers at `level`; libraries that print addresses and bodies at WARNING."""
    standard: dict[str, Any] = {"()": Objects} if production else {"()": Lines, "format": _FORMAT}
    quiet = {"level": "WARNING", "handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"standard": standard},
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


def logging_config(level: str, *, production: bool) -> LoggingConfig:
    """The same as Litestar wants it, written at once: a thread that writes them would be missing in a forked worker."""
    values = logging_settings(level, production=production)
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
    # The portal may stand in site-packages, and a checkout may hold a .venv.
    return path.is_relative_to(_ROOT) and "site-packages" not in path.relative_to(_ROOT).parts


def fault_trace(error: BaseException) -> str:
    """Every frame with its line of code, without the message."""
    return "".join(traceback.format_tb(error.__traceback__))
