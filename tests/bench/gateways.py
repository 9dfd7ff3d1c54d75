"""Gateways that take messages as fast as they can, with as little work as possible, and keep the bytes that came.

What came of the portal is what the bare client (references/bare.py) sends again. Each message is taken when its answer
goes out; from the first to the last of them is what a rate is of.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Callable

_HEADER = struct.Struct(">IIII")
_SUBMIT, _RESPONSE = 0x04, 0x8000_0000
_BODY = b"0: Accepted for delivery"
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class Taking:
    """`messages` are the bytes of those taken; `all_taken` is set with the `expected`th of them."""

    def __init__(self, expected: int, *, keep: bool) -> None:
        self._expected, self._keep = expected, keep
        self.messages: list[bytes] = []
        self.taken = 0
        self._first = self._last = 0.0
        self.first_taken, self.all_taken = asyncio.Event(), asyncio.Event()

    def take(self, message: bytes) -> None:
        if self._keep:
            self.messages.append(message)
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self.taken += 1
        self.first_taken.set()
        if self.taken >= self._expected:
            self.all_taken.set()

    @property
    def rate(self) -> float:
        """Messages a second."""
        return (self.taken - 1) / (self._last - self._first)


class _Connection(asyncio.Protocol):
    def __init__(self, taking: Taking) -> None:
        self.taking, self.received = taking, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.greet()

    def greet(self) -> None: ...

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.read()

    def read(self) -> None:
        raise NotImplementedError


class Kannel(_Connection):
    """Every request is a GET without a body."""

    def read(self) -> None:
        *requests, self.received = self.received.split(b"\r\n\r\n")
        for request in requests:
            self.taking.take(request + b"\r\n\r\n")
        self.transport.write(_ACCEPTED * len(requests))


class Smpp(_Connection):
    """Whatever is no answer is answered well."""

    def read(self) -> None:
        said = b""
        while len(self.received) >= _HEADER.size:
            length, command, _, sequence = _HEADER.unpack_from(self.received)
            if len(self.received) < length:
                break
            pdu, self.received = self.received[:length], self.received[length:]
            if command & _RESPONSE:
                continue
            body = b"%08X\0" % sequence if command == _SUBMIT else b"bench\0"
            said += _HEADER.pack(_HEADER.size + len(body), command | _RESPONSE, 0, sequence) + body
            if command == _SUBMIT:
                self.taking.take(pdu)
        self.transport.write(said)


class Smtp(_Connection):
    """With pipelining: an envelope is answered whole. A message is kept with its envelope."""

    envelope, in_message = b"", False

    def greet(self) -> None:
        self.transport.write(b"220 bench ESMTP\r\n")

    def read(self) -> None:
        while True:
            mark = b"\r\n.\r\n" if self.in_message else b"\r\n"
            end = self.received.find(mark)
            if end < 0:
                return
            part, self.received = self.received[: end + len(mark)], self.received[end + len(mark) :]
            if self.in_message:
                self.taking.take(self.envelope + part)
                self.envelope, self.in_message = b"", False
                self.transport.write(b"250 OK\r\n")
            else:
                self._command(part)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb in {b"MAIL", b"RCPT", b"DATA"}:
            self.envelope += line
        self.in_message = verb == b"DATA"
        if verb == b"EHLO":
            self.transport.write(b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"354 go on\r\n" if self.in_message else b"250 OK\r\n")


@contextlib.asynccontextmanager
async def gateway(
    kind: Callable[[Taking], _Connection], port: int, expected: int, *, keep: bool
) -> AsyncIterator[Taking]:
    taking = Taking(expected, keep=keep)
    server = await asyncio.get_running_loop().create_server(lambda: kind(taking), "127.0.0.1", port)
    try:
        yield taking
    finally:
        server.close()
