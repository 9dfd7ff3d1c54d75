"""Requests counted, and all that is measured served to Prometheus on an address of its own.

Each process serves its own figures, the first on the port of KABINET_METRICS, the next on the port after it: a scrape
through the portal's socket would reach any worker. Prometheus adds them up.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Histogram, start_http_server

from settings import Settings, host_and_port

REQUESTS = Counter("kabinet_requests", "Requests that were answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "kabinet_request_seconds",
    "From the first byte of a request to the end of its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_METHODS = {"GET", "HEAD", "POST"}
# As many processes as `litestar run` makes on one machine, and the delivery.
_PORTS = 66
_log = logging.getLogger("kabinet.metrics")


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """`route` is a template, of which there are few; clients may make up methods."""
    REQUESTS.labels(route, method if method in _METHODS else "other", status).inc()
    SECONDS.labels(route).observe(seconds)


@contextlib.contextmanager
def served_metrics(settings: Settings) -> Iterator[None]:
    """Nothing is served without KABINET_METRICS; where nobody can listen on it, the program ends with one line."""
    if not settings.metrics:
        yield
        return
    host, first = host_and_port(settings.metrics)
    try:
        server, thread = _start(host, first)
    except OSError as error:
        _log.critical("KABINET_METRICS: %s cannot be listened on: %s", settings.metrics, error.strerror)
        raise SystemExit(1) from None
    _log.info("metrics are served on %s:%d", host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _start(host: str, first: int) -> tuple[WSGIServer, threading.Thread]:
    for port in range(first, min(first + _PORTS, 65536)):
        try:
            return start_http_server(port, host)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"the ports from {first} on are all in use")
