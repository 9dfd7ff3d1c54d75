"""Pages that are the same for every visitor, made once.

A handler says of itself that its page hangs on nothing but address, language and settings for a visitor of whom the
portal knows nothing: nothing was proved, typed or is to be told. Only for such a visitor is a page taken from here, and
only such an answer is kept: one that sets no cookie. Whatever else a request brings, the page is made for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from litestar.handlers import HTTPRouteHandler

from routes.compression import LEAST, compressed, offered
from routes.cookies import LANGUAGE, cookie_name
from routes.incoming import cookies_of
from routes.responses import OF_HTMX
from routes.sources import Sources

# What only an answer with a body carries.
OF_A_BODY = {b"content-type", b"content-length", b"content-encoding", b"content-language"}
# What a browser sends: while developing its pages are looked through for slips (routes/page.py), and follow the files.
_OF_A_BROWSER = {b"sec-fetch-dest": b"", b"accept": b"text/html"}
Headers = list[tuple[bytes, bytes]]
# In the `opt` of a handler.
SAME_FOR_VISITORS = {"same_for_visitors": True}


@dataclass(frozen=True)
class Kept:
    """`route` is the name of its route in the log."""

    route: str
    etag: bytes
    headers: Headers
    body: bytes

    async def send(self, request: Key, send: Callable[[Any], Awaitable[None]]) -> None:
        unchanged = self.etag in request.known
        headers = [pair for pair in self.headers if not (unchanged and pair[0] in OF_A_BODY)]
        await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if unchanged else self.body})


@dataclass(frozen=True)
class Key:
    """What such a page hangs on; `known` are the ETags that the browser has.

    `version` is that of the sources when the request came: what is made of older ones is not kept.
    """

    path: str
    language: str
    encoding: str
    version: int
    known: bytes = b""

    @property
    def of_page(self) -> tuple[str, str, str]:
        return self.path, self.language, self.encoding


class KeptPages:
    """For the paths of `handlers` that say so; everything is forgotten when a source changes."""

    def __init__(self, handlers: Iterable[HTTPRouteHandler], sources: Sources, *, production: bool) -> None:
        marked = [handler for handler in handlers if handler.opt.get("same_for_visitors")]
        self._paths = {path for handler in marked for path in handler.paths}
        self._sources, self._version, self._production = sources, sources.version, production
        self._language_cookie = cookie_name(LANGUAGE, production)
        self._pages: dict[tuple[str, str, str], Kept] = {}

    def key_of(self, scope: Any, language: str) -> Key | None:
        """None for a request whose answer may be its own."""
        if scope["path"] not in self._paths or scope["method"] not in {"GET", "HEAD"} or scope["query_string"]:
            return None
        accepted = known = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = value
            elif name == b"if-none-match":
                known = value
            elif (
                (not self._production and name in _OF_A_BROWSER and _OF_A_BROWSER[name] in value)
                or name.startswith(OF_HTMX)
                or (name == b"cookie" and cookies_of(scope).keys() - {self._language_cookie})
            ):
                return None
        return Key(scope["path"], language, offered(accepted.decode("latin-1")), self._sources.version, known)

    def find(self, key: Key) -> Kept | None:
        if self._version != key.version:
            self._version = key.version
            self._pages.clear()
        return self._pages.get(key.of_page)

    def keep(self, key: Key, route: str, status: int, headers: Headers, body: bytes) -> Kept | None:
        """The page as it is sent from now on; None where the answer is not one to keep. `body` is not compressed."""
        names = {name for name, _ in headers}
        if status != 200 or b"set-cookie" in names or b"content-encoding" in names:
            return None
        if key.version != self._sources.version:
            return None
        etag = hashlib.sha256(body).hexdigest()[:16]
        # `Cache-Control` stays `no-store`: htmx puts the steps that follow into the document of this page, and Back
        # would show them after the session has ended.
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        if key.encoding and len(body) >= LEAST:
            body = compressed(body, key.encoding, for_everybody=True)
            headers.append((b"content-encoding", key.encoding.encode()))
            etag += f"-{key.encoding}"
        named = f'"{etag}"'.encode()
        headers += [(b"etag", named), (b"content-length", str(len(body)).encode())]
        kept = self._pages[key.of_page] = Kept(route, named, headers, body)
        return kept
