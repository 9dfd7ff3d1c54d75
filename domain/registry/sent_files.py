"""A registry file that was sent, kept in the database in pieces: compressed, and sealed as it holds personal data."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from db import registry_jobs
from domain.portal import Portal
from domain.sealing import Sealing

# Of the file, bytes: one row each, and one short transaction.
PIECE = 512 * 1024


class Receiving:
    """Takes the file as it comes, without keeping it in memory."""

    def __init__(self, portal: Portal, job: int) -> None:
        self._sealing, self._job = portal.sealing, job
        self._waiting = bytearray()
        self._sum = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()

    async def add(self, data: bytes) -> None:
        self._waiting += data
        self._sum.update(data)
        self.size += len(data)
        while len(self._waiting) >= PIECE:
            await self._write(PIECE)

    async def end(self) -> None:
        if self._waiting:
            await self._write(len(self._waiting))

    async def _write(self, size: int) -> None:
        piece = bytes(self._waiting[:size])
        del self._waiting[:size]
        await registry_jobs.add_part(self._job, await asyncio.to_thread(_sealed, self._sealing, piece))


@asynccontextmanager
async def on_disk(portal: Portal, job: int) -> AsyncIterator[Path]:
    """The file in a place of its own, which nobody else may read and which goes with the end."""
    with tempfile.TemporaryDirectory(prefix="kabinet-registry-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as file:
            number = 0
            while row := await registry_jobs.part_after(job, number):
                number = row["id"]
                await asyncio.to_thread(lambda sealed: file.write(_unsealed(portal.sealing, sealed)), row["sealed"])
        yield path


def _sealed(sealing: Sealing, piece: bytes) -> str:
    return sealing.seal(base64.b64encode(zlib.compress(piece, 1)).decode("ascii"))


def _unsealed(sealing: Sealing, sealed: str) -> bytes:
    return zlib.decompress(base64.b64decode(sealing.unseal(sealed)))
