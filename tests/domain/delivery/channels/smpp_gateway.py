"""An SMPP gateway on loopback that throttles, drops, answers late and sends receipts in any order when told to.

It reads and writes PDUs by itself, so that what a client gets wrong is not got wrong here too.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

_RESPONSE = 0x80000000
BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE, NACK = 0x09, 0x04, 0x05, 0x06, 0x15, 0x80000000


@dataclass
class Submitted:
    """A submit_sm, taken apart."""

    source: tuple[int, int, str]
    destination: tuple[int, int, str]
    esm_class: int
    validity: str
    registered: int
    coding: int
    octets: bytes
    options: dict[int, bytes]

    @property
    def text(self) -> str:
        octets = self.options.get(0x0424, self.octets)
        octets = octets[1 + octets[0] :] if self.esm_class & 0x40 else octets
        return octets.decode("utf-16-be" if self.coding == 8 else "latin-1")


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.rest = body

    def text(self) -> str:
        value, _, self.rest = self.rest.partition(b"\0")
        return value.decode("ascii")

    def octet(self) -> int:
        value, self.rest = self.rest[0], self.rest[1:]
        return value

    def octets(self, length: int) -> bytes:
        value, self.rest = self.rest[:length], self.rest[length:]
        return value


def read_submit(body: bytes) -> Submitted:
    reader = _Reader(body)
    assert reader.text() == ""  # service_type
    source = (reader.octet(), reader.octet(), reader.text())
    destination = (reader.octet(), reader.octet(), reader.text())
    esm_class, _, _ = reader.octet(), reader.octet(), reader.octet()
    assert reader.text() == ""  # schedule_delivery_time
    validity = reader.text()
    registered, _, coding, _ = (reader.octet() for _ in range(4))
    octets = reader.octets(reader.octet())
    options = {}
    while reader.rest:
        tag, length = struct.unpack(">HH", reader.octets(4))
        options[tag] = reader.octets(length)
    return Submitted(source, destination, esm_class, validity, registered, coding, octets, options)


@dataclass
class SmppGateway:
    """`statuses` are the next answers to submit_sm, by default 0; "hang", "hang up" or "late" instead of one."""

    password: str = "secret"
    bind_status: int = 0
    statuses: list[Any] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    # How many a second it takes; more are throttled.
    most_a_second: int = 0
    throttled: int = 0
    # What it has been told and has told: commands with their statuses.
    commands: list[int] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    ids: Callable[[int], str] = lambda number: f"{number:08X}"
    answers_enquiries: bool = True
    hangs_up_at_once: bool = False
    port: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    moment: Callable[[str], None] = lambda _: None
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    _sequence: int = 0
    _second: tuple[int, int] = (0, 0)
    _late: list[tuple[asyncio.StreamWriter, int, str]] = field(default_factory=list)

    def dsn(self, query: str = "", scheme: str = "smpp") -> str:
        return f"{scheme}://portal:{self.password}@127.0.0.1:{self.port}{query}"

    def deliver(
        self, text: str = "", *, esm_class: int = 0x04, options: dict[int, bytes] | None = None, coding: int = 0
    ) -> None:
        """A deliver_sm over the connection made last."""
        octets = text.encode("utf-16-be" if coding == 8 else "latin-1")
        body = b"\0" + b"\1\1" + b"79123456789\0" + b"\5\0" + b"Kabinet\0" + bytes((esm_class, 0, 0)) + b"\0\0"
        body += bytes((0, 0, coding, 0, len(octets))) + octets
        for tag, value in (options or {}).items():
            body += struct.pack(">HH", tag, len(value)) + value
        self._sequence += 1
        self.say(self.connections[-1], DELIVER, self._sequence, body)

    def receipt(self, named: str, state: str) -> None:
        said = f"id:{named} sub:001 dlvrd:001 submit date:2609151430 done date:2609151431 stat:{state} err:00A text:4"
        self.deliver(said)

    def answer_late(self) -> None:
        """The answers that were held back."""
        while self._late:
            writer, sequence, named = self._late.pop()
            self.say(writer, SUBMIT | _RESPONSE, sequence, named.encode() + b"\0")

    def say(
        self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes = b"", status: int = 0
    ) -> None:
        writer.write(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        self.moment("connected")
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                if not self._take(writer, command, status, sequence, body):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _take(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> bool:
        self.commands.append(command)
        self.moment(f"{command:x}")
        if command & _RESPONSE:
            self.answers.append((command, status))
        elif command == BIND:
            said = _Reader(body)
            right = (said.text(), said.text()) == ("portal", self.password)
            self.say(writer, BIND | _RESPONSE, sequence, b"simulator\0", self.bind_status if right else 0x0E)
            return not self.hangs_up_at_once
        elif command == SUBMIT:
            return self._submit(writer, sequence, body)
        elif command == UNBIND:
            self.say(writer, UNBIND | _RESPONSE, sequence)
        elif command == ENQUIRE and self.answers_enquiries:
            self.say(writer, ENQUIRE | _RESPONSE, sequence)
        return True

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> bool:
        status = self.statuses.pop(0) if self.statuses else self._throttle()
        if isinstance(status, int) and status:
            self.say(writer, SUBMIT | _RESPONSE, sequence, status=status)
            return True
        self.submitted.append(read_submit(body))
        self.came.set()
        named = self.ids(len(self.submitted))
        if status == "late":
            self._late.append((writer, sequence, named))
        elif status == 0:
            self.say(writer, SUBMIT | _RESPONSE, sequence, named.encode() + b"\0")
        self.moment("answered")
        return bool(status != "hang up")

    def _throttle(self) -> int:
        second = int(asyncio.get_running_loop().time() * 10)
        self._second = (second, self._second[1] + 1) if self._second[0] == second else (second, 1)
        if not self.most_a_second or self._second[1] <= self.most_a_second / 10:
            return 0
        self.throttled += 1
        return 0x58


@contextlib.asynccontextmanager
async def running_smpp(tls: ssl.SSLContext | None = None, port: int = 0, **told: Any) -> AsyncIterator[SmppGateway]:
    gateway = SmppGateway(**told)
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        await gateway.talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", port, ssl=tls)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        for writer in gateway.connections:
            writer.transport.abort()
        await asyncio.gather(*talks)
        await server.wait_closed()
