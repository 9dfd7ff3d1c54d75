"""One line for each request: method, the route's template, status, milliseconds, and the client's network.

The template and not the path, which may hold the token of a link. The id stands on every line of the request
(routes/logs.py), so that a fault is found by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from ipaddress import ip_network
from typing import Any

from litestar import Litestar
from litestar.datastructures import Headers
from litestar.exceptions import ClientException, HTTPException

from routes.client import address_of
from routes.logs import logged_fields, request_id
from routes.metrics import count_request
from routes.responses import is_by_script
from routes.usage import count_step
from settings import Settings

# From the first byte of a body to its last, seconds: 64 kB over the slowest of phones.
BODY_SECONDS = 30.0
# Monitoring asks for these every few seconds, a designer's browser for the last; a line for each would bury the others.
_UNLOGGED = {"/health/live", "/health/ready", "/live/changes"}
_LONGEST_METHOD = 10
# How long a process that ends waits for its requests, seconds: as long as a request may wait for its database, and
# less than the command allows a worker.
_SHUTDOWN_SECONDS, _POLL = 20.0, 0.02
_log = logging.getLogger("kabinet.access")


def _new_id() -> str:
    """Twelve digits: a customer may have to say them on the phone."""
    return f"{int.from_bytes(os.urandom(5), 'big') % 10**12:012d}"


class Observed(Litestar):
    """Writes the line, and ends a request whose body comes too slowly or breaks off.

    `settings` say which proxies are believed.
    """

    settings: Settings
    under_way = 0

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._reading: set[asyncio.Timeout] = set()

    async def idle(self) -> None:
        """Wait until no request runs, once the server has closed all connections.

        It does not wait for requests whose client has closed its own; a body that such a one still reads never comes.
        """
        now = asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                while self.under_way:
                    while self._reading:
                        self._reading.pop().reschedule(now)
                    await asyncio.sleep(_POLL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        began, status, location = time.perf_counter(), 0, ""
        method = scope["method"]
        # A mount has no template of its own.
        unnamed = "/static" if scope["path"].startswith("/static/") else "-"

        async def watched(message: Any) -> None:
            nonlocal status, location
            if message["type"] == "http.response.start":
                status = message["status"]
                location = Headers(message["headers"]).get("location", "")
            await send(message)

        self.under_way += 1
        id_before = request_id.set(_new_id())
        try:
            await super().__call__(scope, self._in_time(receive), watched)
        finally:
            self.under_way -= 1
            route = scope.get("path_template") or unnamed
            if route not in _UNLOGGED:
                seconds = time.perf_counter() - began
                count_request(route, method, status, seconds)
                if method == "POST":
                    count_step(self.state, route, status, location, by_script=is_by_script(scope))
                self._write_line(scope, method[:_LONGEST_METHOD], route, status, seconds * 1000)
            request_id.reset(id_before)

    def _write_line(self, scope: Any, method: str, route: str, status: int, spent: float) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        network = client_network(scope, self.settings)
        fields = logged_fields(method=method, route=route, status=status, ms=round(spent, 1), network=network)
        _log.info("%s %s %d %.1f ms %s", method, route, status, spent, network, extra=fields)

    def _in_time(self, receive: Any) -> Any:
        deadline: float | None = None
        ended = False

        async def receive_in_time() -> Any:
            nonlocal deadline, ended
            if ended:  # from here on Litestar only waits for the client's disconnect
                return await receive()
            deadline = deadline or asyncio.get_running_loop().time() + BODY_SECONDS
            try:
                async with asyncio.timeout_at(deadline) as waiting:
                    self._reading.add(waiting)
                    message = await receive()
            except TimeoutError:
                raise HTTPException("The body did not arrive in time", status_code=408) from None
            finally:
                self._reading.discard(waiting)
            if message["type"] == "http.disconnect":
                # A malformed chunk, or a client that has gone away: Litestar would answer it as an internal error.
                raise ClientException("The body broke off")
            ended = not message.get("more_body", False)
            return message

        return receive_in_time


def client_network(scope: Any, settings: Settings) -> str:
    """The /24 or /64 that the client is in: enough to see a flood, too little to know a person."""
    ip = address_of(scope, settings)
    if ":" in ip:
        return str(ip_network(f"{ip}/64", strict=False))
    return f"{ip.rpartition('.')[0]}.0/24"
