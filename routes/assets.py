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

from routes.sources import STATIC, Sources

_COMPRESSED = {".js", ".css", ".svg", ".txt", ".html", ".webmanifest"}
# What is for designers alone in a stylesheet is not sent: its comments and indents are a sixteenth of it.
_FOR_DESIGNERS = re.compile(rb"/\*.*?\*/\s*|(?<=\n)\s+", re.DOTALL)
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
    """Call it with a file's name for its address. Read anew when `sources` change."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._version = sources, sources.version
        self._known: dict[str, Asset] = {}
        self._served: dict[str, Asset] = {}
        for path in sorted(STATIC.rglob("*")):
            if path.is_file():
                self(path.relative_to(STATIC).as_posix())

    @property
    def files(self) -> list[Path]:
        """What the addresses were made from."""
        return [STATIC / name for name in self._known]

    def __call__(self, name: str) -> str:
        if self._version != (version := self._sources.version):
            self._version = version
            self._known.clear()
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _read(name)
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


def _read(name: str) -> Asset:
    content = (STATIC / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    source = Path(name)
    if source.suffix == ".css":
        content = _FOR_DESIGNERS.sub(b"", content)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("javascript", "xml", "json"))
    return Asset(
        address=source.with_name(f"{source.stem}.{digest}{source.suffix}").as_posix(),
        media_type=f"{kind}; charset=utf-8" if text else kind,
        etag=digest,
        content=content,
        compressible=source.suffix in _COMPRESSED,
    )


def _best(asset: Asset, accepted: str) -> str:
    """The first encoding that the browser names and does not refuse with `q=0`; empty where there is none."""
    named = {}
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        named[name.strip().lower()] = weight.replace(" ", "").lower()
    offered = (name for name in _ENCODINGS if asset.compressible and name in named)
    return next((name for name in offered if named[name].rstrip("0.") != "q="), "")
