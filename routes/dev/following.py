"""Open pages follow the files while developing: the script that each page gets, and word of the next change.

It is not below /dev, which is for this machine alone: a phone in the same network follows too. It learns that something
has changed, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from litestar import MediaType, Request, Response, get

from routes.dev.files import file_handler
from routes.host import shows_nothing_real
from routes.sources import Sources
from settings import Settings

# How long a request waits for a change, and how often it looks.
_WAIT_SECONDS, _LOOK_SECONDS = 5.0, 0.02
_BEGINNING = 100
_FRESH = {"Cache-Control": "no-store"}
Headers = list[tuple[bytes, bytes]]


class Following:
    """What a page carries to follow the files; nothing where anything real could be seen."""

    def __init__(self, settings: Settings, sources: Sources) -> None:
        self._exists, self._sources = shows_nothing_real(settings), sources

    def script_for(self, scope: Any) -> bytes:
        """For a browser that goes to a page; empty for all others. Asked before the page is made of the files."""
        if not self._exists:
            return b""
        if b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
            return b""
        return b'<script src="/live/follow.js" data-version="%d" defer></script>' % self._sources.version

    @staticmethod
    def add(script: bytes, headers: Headers, body: bytes) -> bytes:
        """The page with the script, unless it is a part of one, or its own policy lets no script run."""
        named = dict(headers)
        policy = named.get(b"content-security-policy", b"script-src 'self'")
        if not named.get(b"content-type", b"").startswith(b"text/html") or b"<!DOCTYPE" not in body[:_BEGINNING]:
            return body
        if b"script-src 'self'" not in policy or b"sandbox" in policy:
            return body
        head, end, rest = body.partition(b"</head>")
        body = head + script + end + rest
        headers[:] = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        return body


@get("/live/changes", name="live.changes")
async def wait_for_change(request: Request[Any, Any, Any]) -> Response[str]:
    """The version of the sources, as soon as it is another than the one that is named; at the latest after a while."""
    sources, seen = request.app.state.sources, request.query_params.get("than", "")
    until = asyncio.get_running_loop().time() + _WAIT_SECONDS
    gone = asyncio.create_task(_closed(request))
    # The kernel keeps a list of changes and has to be asked for it (routes/sources.py).
    while (version := str(sources.version)) == seen and not gone.done():
        await asyncio.sleep(_LOOK_SECONDS)
        if asyncio.get_running_loop().time() > until:
            break
    gone.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await gone
    return Response(version, media_type=MediaType.TEXT, headers=_FRESH)


async def _closed(request: Request[Any, Any, Any]) -> None:
    """Returns when nobody waits for the answer any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


handlers = [
    wait_for_change,
    file_handler("/live/follow.js", "follow.js"),
    file_handler("/live/changes.js", "changes.js"),
]
