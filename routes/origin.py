"""CSRF by origin: an unsafe request must come from our own pages.

`Sec-Fetch-Site` says so where the browser sends it (https and loopback); elsewhere `Origin` must be the host
that the request itself names, which no foreign page can forge. Neither header means no browser. Handlers that machines
call, and that go by no cookie, say so by `FOR_MACHINES`.
"""

from __future__ import annotations

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

_SAFE = {"GET", "HEAD", "OPTIONS"}
# In the `opt` of a handler.
FOR_MACHINES = "for_machines"


class SameOriginOnly(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)
    exclude_opt_key = FOR_MACHINES

    def __init__(self, own_origin: str) -> None:
        self._own_origin = own_origin

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] not in _SAFE:
            headers = Headers.from_scope(scope)
            if not is_same_origin(headers, self._own_origin):
                raise PermissionDeniedException("A request from another origin")
        await next_app(scope, receive, send)


def is_same_origin(headers: Headers, own_origin: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return False
    host = headers.get("host")
    return origin == own_origin or (bool(host) and origin.partition("://")[2] == host)
