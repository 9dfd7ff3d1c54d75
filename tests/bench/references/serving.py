"""Granian as `litestar run` starts it (routes/cli/serving.py), without the imports of the portal.

tests/test_bench.py holds the two alike.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server


def make_server(port: int) -> Any:
    return Server(
        "reference",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    )


def serve(app: Any, port: int) -> None:
    multiprocessing.set_start_method("fork", force=True)
    make_server(port).serve(target_loader=lambda: app, wrap_loader=False)
