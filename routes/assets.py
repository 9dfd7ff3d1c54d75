"""Static files under hashed names, read once, compressed once when a browser asks for it, and kept in memory."""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import brotli
from litestar.datastructures import Headers
from litestar.exceptions import MethodNotAllowedException, NotFoundException

from routes.brand import read_brand
from routes.contrast import STYLESHEET
from routes.design import Design
from routes.sources import Sources
from routes.tokens import with_tokens

_COMPRESSED = {".js", ".css", ".svg", ".txt", ".html", ".webmanifest"}
# What is for designers alone in a stylesheet is not sent: its comments and spaces are a twelfth of it. The first group
# is what a space stands around; behind a colon there is one in declarations only.
_FOR_DESIGNERS = re.compile(rb"/\*.*?\*/|\s*([{};,])\s*|(?<=:) |(?<=\n)\s+", re.DOTALL)
# A changed file has another name.
_FOR_EVER = "public, max-age=31536000, immutable"


# By `Content-Encoding`, the best first. As small as can be, which takes up to a tenth of a second.
_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": functools.partial(gzip.compress, mtime=0),
}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent; `etag` is that of its bytes without encoding."""

    address: str
    media_type: str
    etag: str
    content: bytes
    compressible: bool
    _encoded: dict[str, bytes] = field(default_factory=dict)

    async def body(self, encoding: str) -> bytes:
        if not encoding:
            return self.content
        if encoding not in self._encoded:
            self._encoded[encoding] = await asyncio.to_thread(_ENCODINGS[encoding], self.content)
        return self._encoded[encoding]


class Assets:
    """Call it with a file's name for its address. Read anew when `sources` change.

    What is `beside` another is served by that one too: an address tells the content, so they share all of them.
    """

    def __init__(self, sources: Sources, beside: Assets | None = None) -> None:
        self._sources, self._version = sources, sources.version
        self._known: dict[str, Asset] = {}
        self._served: dict[str, Asset] = beside._served if beside else {}
        for name in sources.design.assets():
            self(name)

    @property
    def files(self) -> list[Path]:
        """What the addresses were made from."""
        return [self._sources.design.asset(name) for name in self._known]

    def __call__(self, name: str) -> str:
        if self._version != (version := self._sources.version):
            self._version = version
            self._known.clear()
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _made(name, content_of(name, self._sources.design))
            # A page that was drawn before a change asks for the file as it was.
            self._served[f"/{known.address}"] = known
        return f"/static/{known.address}"

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """What is mounted at /static: Litestar hands the path on with a slash at its end."""
        if scope["method"] != "GET":
            raise MethodNotAllowedException
        asset = self._served.get(scope["path"].rstrip("/"))
        if asset is None:
            raise NotFoundException
        headers = Headers.from_scope(scope)
        encoding = _best(asset, headers.get("accept-encoding", ""))
        etag = f'"{asset.etag}{encoding and "-" + encoding}"'
        answer = {"Cache-Control": _FOR_EVER, "ETag": etag, "Vary": "Accept-Encoding"}
        unchanged = etag in headers.get("if-none-match", "")
        body = b"" if unchanged else await asset.body(encoding)
        if not unchanged:
            answer |= {"Content-Type": asset.media_type, "Content-Length": str(len(body))}
            answer |= {"Content-Encoding": encoding} if encoding else {}
        raw = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
        await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": raw})
        await send({"type": "http.response.body", "body": body})


def content_of(name: str, design: Design) -> bytes:
    """A file as the brand has it: the stylesheet is in its colours."""
    content = design.asset(name).read_bytes()
    if name != STYLESHEET:
        return content
    return with_tokens(content.decode(), read_brand(design).tokens()).encode()


def address_of(name: str, content: bytes) -> str:
    """Another content has another address, so a browser may keep what it has got for ever."""
    source = Path(name)
    return source.with_name(f"{source.stem}.{_digest(content)}{source.suffix}").as_posix()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _made(name: str, content: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("javascript", "xml", "json"))
    return Asset(
        address=address_of(name, content),
        media_type=f"{kind}; charset=utf-8" if text else kind,
        etag=_digest(content),
        content=_FOR_DESIGNERS.sub(lambda found: found[1] or b"", content) if name.endswith(".css") else content,
        compressible=Path(name).suffix in _COMPRESSED,
    )


def _best(asset: Asset, accepted: str) -> str:
    """The first encoding that the browser names and does not refuse with `q=0`; empty where there is none."""
    named = {}
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        named[name.strip().lower()] = weight.replace(" ", "").lower()
    offered = (name for name in _ENCODINGS if asset.compressible and name in named)
    return next((name for name in offered if named[name].rstrip("0.") != "q="), "")
