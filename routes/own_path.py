"""Which paths are the portal's own: the rule for everything from outside that gets into a `Location` or a link.

The way back after a sign-in, `next` of the confirmation, `back` of the language link and the address that a page
repeats are all checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from litestar.handlers import HTTPRouteHandler
from litestar.types import Scope

# No address of ours is longer; browsers and proxies accept 8 kB for a whole header.
LONGEST = 2000
# Browsers take a backslash for a slash (WHATWG URL 4.4); two slashes name another host.
_VISIBLE = re.compile(r"/[!-\[\]-~]*")
_FOREIGN = re.compile(r"//|\\|[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOTS = re.compile(r"/\.{1,2}(?:/|$)")
_NESTED = 5
# The end of a route's path whose last part is the token of a link.
TOKEN = "/{token:str}"  # noqa: S105 - the name of a parameter
# The part of a query that names a picture code: no page repeats it.
_PICTURE = re.compile(r"(?:^|&)instead=[^&]*")


def links_among(handlers: Iterable[HTTPRouteHandler]) -> tuple[str, ...]:
    """The addresses of links, without their tokens: of every route whose path ends in `TOKEN`."""
    paths = {path for handler in handlers for path in handler.paths}
    return tuple(sorted(path.removesuffix(TOKEN) for path in paths if path.endswith(TOKEN)))


def links_of(scope: Scope) -> tuple[str, ...]:
    """The addresses of links in the portal that answers this request (app.py)."""
    links: tuple[str, ...] = scope["litestar_app"].state.links
    return links


def without_token(path: str, links: Iterable[str]) -> str:
    return next((link for link in links if path.startswith(f"{link}/")), path)


def is_own_path(path: str) -> bool:
    """Visible ASCII after one slash, which names no other host or folder when percent-decoded, even repeatedly."""
    if len(path) > LONGEST or not _VISIBLE.fullmatch(path):
        return False
    for _ in range(_NESTED):
        if _FOREIGN.search(path) or _DOTS.search(path.partition("?")[0].partition("#")[0]):
            return False
        path, before = unquote(path), path
        if path == before:
            return True
    return False


def own_path(path: str, otherwise: str) -> str:
    """`path` where it is one of our own, else `otherwise`."""
    return path if is_own_path(path) else otherwise


def path_shown(scope: Scope, path: str = "") -> str:
    """The path of a request, or `path`, as a page may repeat it: ASCII, without the token of a link."""
    return own_path(quote(without_token(path or scope["path"], links_of(scope)), safe="/:@!$&'()*+,;=~-._"), "/")


def address_shown(scope: Scope) -> str:
    """Path and query of a request as a page may repeat them: without tokens."""
    path = path_shown(scope)
    query = _PICTURE.sub("", scope.get("query_string", b"").decode("latin-1")).removeprefix("&")
    named = any(f"{link}/" in unquote(query) for link in links_of(scope))
    return own_path(f"{path}?{query}", path) if query and not named else path
