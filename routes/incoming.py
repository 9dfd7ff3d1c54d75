"""Reads a request's path, query, cookies and forms without Litestar's caches.

Litestar 2.25 parses forms, queries, cookies and URLs through `lru_cache`: the last 1024 bodies, passwords among them,
and paths with the tokens of links stay in memory. What is read here is freed with its request.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Litestar, Request
from litestar._asgi.routing_trie import traversal
from litestar.datastructures import URL, MultiDict, State
from litestar.exceptions import ClientException
from litestar.types import Empty, Scope

# Several times the longest that our pages send. A proxy accepts 8 kB of each.
LONGEST_PATH, LONGEST_QUERY, LONGEST_COOKIES = 4096, 16384, 16384
# Our largest form has eight fields.
MOST_FIELDS = 50
_LONGEST_NAME = 100
# Where a request carries them.
_COOKIES = "kabinet.cookies"


def check_lengths(scope: Scope) -> None:
    """400 for a path, query or cookies longer than our pages send. The body is limited while it is read."""
    cookies = sum(len(value) for name, value in scope["headers"] if name == b"cookie")
    query = scope.get("query_string", b"")
    if len(scope["path"]) > LONGEST_PATH or len(query) > LONGEST_QUERY or cookies > LONGEST_COOKIES:
        raise ClientException("Path, query or cookies are too long")


def fields_of(encoded: bytes) -> dict[str, str]:
    """The fields of a URL-encoded form or query; of several with one name the first.

    Fields after the fiftieth are ignored: none of our pages sends so many, and the work stays bounded.
    """
    fields: dict[str, str] = {}
    for pair in encoded.split(b"&", MOST_FIELDS)[:MOST_FIELDS]:
        name, _, value = pair.partition(b"=")
        if name and len(name) <= _LONGEST_NAME:
            fields.setdefault(_decoded(name), _decoded(value))
    return fields


def cookies_of(scope: Any) -> dict[str, str]:
    """All cookies, read once; of several with one name the last, which is the one with the shortest path."""
    known: dict[str, str] | None = scope.get(_COOKIES)
    if known is None:
        known = scope[_COOKIES] = _cookies(scope)
    return known


def _cookies(scope: Any) -> dict[str, str]:
    header = b";".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): _unquoted(value.strip()) for name, equals, value in pairs if equals}


class UncachedRequest(Request[Any, Any, State]):
    """Litestar's request, whose parts are read here."""

    @property
    def cookies(self) -> dict[str, str]:
        return cookies_of(self.scope)

    @property
    def query_params(self) -> MultiDict[Any]:
        return MultiDict(fields_of(self.scope.get("query_string", b"")))

    @property
    def url(self) -> URL:
        """Path and query. The host is never taken from a request: links begin with KABINET_PUBLIC_URL."""
        url = object.__new__(URL)
        url.scheme = url.netloc = url.fragment = ""
        url.username = url.password = url.hostname = url.port = url._parsed_url = None
        url._query_params = Empty
        url.path = self.scope["path"]
        url.query = self.scope.get("query_string", b"").decode("latin-1")
        return url


def route_without_caches(app: Litestar) -> None:
    """Bypass the two caches of the router, which keep paths and the tokens in them."""
    app.asgi_router.handle_routing = app.asgi_router._handle_routing  # type: ignore[assignment]
    traversal.parse_path_params = getattr(traversal.parse_path_params, "__wrapped__", traversal.parse_path_params)


def _decoded(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8", "replace")


def _unquoted(value: str) -> str:
    """Without quotation marks, which are added to a value that holds a `=`, as sealed values do."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
