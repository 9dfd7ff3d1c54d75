"""What an own path is: the one rule for everything from outside that may end in a `Location` or a link.

The way back after a sign-in, `next` of the confirmation, `back` of the language link and the address that a page
shows all pass here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from litestar.handlers import HTTPRouteHandler
from litestar.types import Scope

# A redirect with more than this is no step of ours; browsers and proxies take 8 kB for a whole header.
LONGEST = 2000
# Browsers take a backslash for a slash (WHATWG URL 4.4); two slashes name another host.
_VISIBLE = re.compile(r"/[!-\[\]-~]*")
_FOREIGN = re.compile(r"//|\\|[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOTS = re.compile(r"/\.{1,2}(?:/|$)")
_NESTED = 5
# How the path of a route ends whose last part is the token of a link.
TOKEN = "/{token:str}"  # noqa: S105 - the name of a parameter
# The query that names a picture: no page repeats it, nor the token of a link.
_PICTURE = re.compile(r"(?:^|&)instead=[^&]*")


def links_among(handlers: Iterable[HTTPRouteHandler]) -> tuple[str, ...]:
    """The addresses of links, without their tokens: a route is one by the end of its path."""
    paths = {path for handler in handlers for path in handler.paths}
    return tuple(sorted(path.removesuffix(TOKEN) for path in paths if path.endswith(TOKEN)))


def links_of(scope: Scope) -> tuple[str, ...]:
    """Those of the portal that answers the request (app.py)."""
    links: tuple[str, ...] = scope["litestar_app"].state.links
    return links


def without_token(path: str, links: Iterable[str]) -> str:
    return next((link for link in links if path.startswith(f"{link}/")), path)


def is_own_path(path: str) -> bool:
    """Visible ASCII behind one slash, and nothing that leads elsewhere once its percent signs are read."""
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
