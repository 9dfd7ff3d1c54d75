"""Security headers on every answer, the errors of the router included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from routes.own_path import links_of, without_token

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The gallery shows fragments in frames; it does not exist in production.
_POLICY_OF_THE_GALLERY = _POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'; frame-src 'self'")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def security_headers(*, production: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """The hook that Litestar calls before it sends anything."""
    always = dict(_HEADERS)
    if production:
        always["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        path = str(scope.get("path", ""))
        framed = not production and path.startswith("/dev/gallery")
        headers = MutableScopeHeaders.from_message(message)
        # Only for an address that holds the token of a link. A form on a page with `no-referrer` sends `Origin: null`,
        # so a browser without Sec-Fetch-Site would be refused: the pages with forms keep `same-origin`.
        if without_token(path, links_of(scope)) != path:
            headers["Referrer-Policy"] = "no-referrer"
        for name, value in always.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", _POLICY_OF_THE_GALLERY if framed else _POLICY)

    return add_headers
