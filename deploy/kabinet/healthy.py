"""`python -m kabinet.healthy`: exit status 0 while the portal of this machine or container is ready, for its engine."""

from __future__ import annotations

import http.client
import os
import socket
import sys

_SECONDS = 4.0


def answered() -> int:
    """The status of /health/ready."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("LITESTAR_PORT", "8000")), timeout=_SECONDS)
    if path := os.environ.get("LITESTAR_UNIX_DOMAIN_SOCKET"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_SECONDS)
        connection.sock.connect(path)
    connection.request("GET", "/health/ready")
    return connection.getresponse().status


if __name__ == "__main__":
    try:
        sys.exit(0 if answered() == 200 else 1)
    except OSError as error:
        sys.exit(f"no answer: {error.strerror or error}")
