"""**bare**: sends bytes that are there already, and reads the answers: no database, no templates, no encryption.

`python -m tests.bench.references.bare kannel|smpp|smtp PORT FILE WINDOW`; the file is a pickled list of messages, each
as the portal sent it. Over as many connections, with as many unanswered, as the portal has.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

_HEADER = struct.Struct(">IIII")
_BIND = 0x09
Messages = Iterator[bytes]


async def kannel(port: int, messages: Messages, window: int) -> None:
    """A kept connection for each place of the window."""

    async def talk() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in messages:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()

    await asyncio.gather(*(talk() for _ in range(window)))


async def smpp(port: int, messages: Messages, window: int) -> None:
    """One connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bind = b"portal\0password\0" + b"\0" + b"\x34\0\0\0"
    writer.write(_HEADER.pack(_HEADER.size + len(bind), _BIND, 0, 1) + bind)
    places = asyncio.Semaphore(window)

    async def read() -> None:
        while True:
            length, command, *_ = _HEADER.unpack(await reader.readexactly(_HEADER.size))
            await reader.readexactly(length - _HEADER.size)
            if command & 0xFF != _BIND:
                places.release()

    reading = asyncio.create_task(read())
    for message in messages:
        await places.acquire()
        writer.write(message)
    for _ in range(window):
        await places.acquire()
    reading.cancel()
    writer.close()


async def smtp(port: int, messages: Messages, window: int) -> None:
    """A kept connection for each place of the window; the envelope goes at once, as where pipelining is offered."""

    async def talk() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"EHLO bench\r\n")
        while not (await reader.readline()).startswith(b"250 "):
            pass
        for message in messages:
            envelope, mark, content = message.partition(b"DATA\r\n")
            writer.write(envelope + mark)
            for _ in range(3):
                await reader.readline()
            writer.write(content)
            await reader.readline()
        writer.write(b"QUIT\r\n")
        await reader.readline()
        writer.close()

    await asyncio.gather(*(talk() for _ in range(window)))


if __name__ == "__main__":
    protocol, port, file, window = sys.argv[1:]
    loaded = pickle.loads(Path(file).read_bytes())
    asyncio.run({"kannel": kannel, "smpp": smpp, "smtp": smtp}[protocol](int(port), iter(loaded), int(window)))
