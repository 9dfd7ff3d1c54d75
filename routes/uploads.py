"""A form with a file, read as it comes: no more of it than a piece is ever in memory.

The limit of other requests does not hold for it; who may send one is known before the first byte is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from litestar import Request
from litestar.enums import RequestEncodingType
from multipart import MultipartError, PushMultipartParser

from domain.refusals import Code

# Marks a handler whose body is not read before it is asked for.
STREAMED = "streamed"
# What stands around the file: fields and headers, bytes.
_AROUND = 64 * 1024
_MOST_FIELDS, _LONGEST_FIELD = 20, 1000


class Sink(Protocol):
    async def add(self, data: bytes) -> None: ...


@dataclass
class Sent:
    """The fields beside the file, and its name as the browser says; `refused` where it cannot be used."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    size: int = 0
    refused: Code | None = None


async def receive(
    request: Request[Any, Any, Any], file_field: str, most: int, begin: Callable[[], Awaitable[Sink]]
) -> Sent:
    """Read the form; the file goes to the sink that `begin` makes, `most` bytes of it at most. It is one file."""
    kind, options = request.content_type
    sent = Sent()
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > most + _AROUND):
        sent.refused = Code.FILE_TOO_LARGE
        return sent
    if kind != RequestEncodingType.MULTI_PART or not options.get("boundary"):
        sent.refused = Code.FILE_EMPTY
        return sent
    try:
        await _Reader(request, options["boundary"], file_field, most, begin, sent).read()
    except (MultipartError, ValueError):
        sent.refused = Code.FILE_UNREADABLE
    if sent.refused is None and not sent.size:
        sent.refused = Code.FILE_EMPTY
    return sent


class _Reader:
    def __init__(
        self,
        request: Request[Any, Any, Any],
        boundary: str,
        file_field: str,
        most: int,
        begin: Callable[[], Awaitable[Sink]],
        sent: Sent,
    ) -> None:
        self._request, self._file_field, self._most, self._begin, self._sent = request, file_field, most, begin, sent
        self._parser = PushMultipartParser(boundary, max_segment_count=_MOST_FIELDS, strict=True)
        self._sink: Sink | None = None
        # Of the part under way: whether it is the file, else the name and the text of a field.
        self._in_file, self._name, self._text = False, "", b""

    async def read(self) -> None:
        total = 0
        async for chunk in self._request.stream():
            total += len(chunk)
            if total > self._most + _AROUND:
                self._sent.refused = Code.FILE_TOO_LARGE
            for event in self._parser.parse(chunk) if chunk else ():
                if self._sent.refused is None:
                    await self._take(event)
            if self._sent.refused is not None:
                # The rest is not read.
                return
        self._parser.close()

    async def _take(self, event: Any) -> None:
        if event is None:
            if not self._in_file:
                self._sent.fields.setdefault(self._name, self._text.decode("utf-8", "replace"))
        elif isinstance(event, (bytes, bytearray)):
            await self._data(bytes(event))
        else:
            self._in_file = event.name == self._file_field and event.filename is not None
            self._name, self._text = event.name or "", b""
            if self._in_file:
                if self._sink is not None:
                    raise ValueError("Several files")
                self._sink, self._sent.name = await self._begin(), event.filename

    async def _data(self, data: bytes) -> None:
        if not self._in_file:
            if len(self._text) + len(data) > _LONGEST_FIELD:
                raise ValueError("A field is too long")
            self._text += data
            return
        assert self._sink is not None
        self._sent.size += len(data)
        if self._sent.size > self._most:
            self._sent.refused = Code.FILE_TOO_LARGE
            return
        await self._sink.add(data)
