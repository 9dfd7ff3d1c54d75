"""What is logged and what never is."""

from __future__ import annotations

import logging
import re

from litestar.logging import LoggingConfig

from routes.own_path import LINKS

# The token of a link is a secret, and the server's access log prints paths.
_TOKEN = re.compile(rf"((?:{'|'.join(LINKS)}|/captcha)/|\binstead=)[^\s?&\"'/]+")


class WithoutTokens(logging.Filter):
    """Cuts link tokens out of the access log's paths, and out of the scopes that `--log-level trace` prints."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_tokens(a) if isinstance(a, str | dict) else a for a in record.args)
        return True


def _without_tokens(said: object) -> str:
    return _TOKEN.sub(r"\1…", str(said))


def logging_config() -> LoggingConfig:
    """Our own loggers at INFO; libraries that print addresses and bodies (httpx, aiosmtplib) at WARNING."""
    for server_log in ("uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(server_log).addFilter(WithoutTokens())
    quiet = {"level": "WARNING", "handlers": ["queue_listener"], "propagate": False}
    return LoggingConfig(
        root={"level": "INFO", "handlers": ["queue_listener"]},
        formatters={"standard": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        loggers=dict.fromkeys(("httpx", "httpcore", "aiosmtplib", "aiosqlite", "asyncio"), quiet),
        log_exceptions="never",
    )
