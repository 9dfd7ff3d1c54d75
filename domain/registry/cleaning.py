"""Rows of a long file are cleaned in processes of their own, beside the reading and the database.

A process is fed through its standard input and answers in order. It ends when the input does, so it outlives neither
the command nor a `kill -9` of it; signals of the terminal reach the command alone, which ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import chain, cycle, islice
from typing import Any

from domain.registry.kinds import LONGEST_CELL, Kind
from domain.registry.rows import BadRow, Row

Cleaned = list[tuple[Any, ...] | BadRow]
# A chunk of usual rows fits into what a socket holds, 208 KB, and waits there while this process is busy.
_CHUNK = 1_000
# Chunks that are cleaned in the time that a process takes to start.
_ALONE = 20
# Chunks that are with a process: while it cleans one, the next ones wait.
_AHEAD = 3
# More would wait for this process, which reads the file and feeds the database.
_MOST = 3
# A chunk that has been cleaned is read in a few pieces, bytes.
_BUFFER = 1 << 20
LENGTH = 4


class CleaningError(Exception):
    """A process has ended before its work; it has said why on stderr."""


async def cleaned(kind: Kind, rows: Iterator[Row | BadRow]) -> AsyncGenerator[Cleaned]:
    """Chunks of the cleaned rows, in order. What `rows` or the cleaning of a row raises is raised here.

    To be closed (contextlib.aclosing), which ends the processes.
    """
    chunks = _chunks(kind, rows)
    for chunk in islice(chunks, _ALONE):
        yield kind.clean_all(chunk)
    if not (first := list(islice(chunks, 1))):
        return
    async with _processes(kind) as processes:
        waiting: deque[asyncio.subprocess.Process] = deque()
        for process, chunk in zip(cycle(processes), chain(first, chunks)):
            _send(process, chunk)
            waiting.append(process)
            if len(waiting) == _AHEAD * len(processes):
                yield await _answer(waiting.popleft())
        while waiting:
            yield await _answer(waiting.popleft())


def _chunks(kind: Kind, rows: Iterator[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    short = _short(kind, rows)
    while chunk := list(islice(short, _CHUNK)):
        yield chunk


def _short(kind: Kind, rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow]:
    """The rows, and instead of those with a cell that is too long what is wrong with them: they are not to be kept."""
    for row in rows:
        if isinstance(row, BadRow) or max(map(len, row[1])) <= LONGEST_CELL:
            yield row
        else:
            bad = kind.clean(row)
            assert isinstance(bad, BadRow)
            yield bad


@contextlib.asynccontextmanager
async def _processes(kind: Kind) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """One for each core: they have more to do than this process and the database, which share what is left."""
    processes: list[asyncio.subprocess.Process] = []
    try:
        for _ in range(min(_MOST, os.cpu_count() or 1)):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "domain.registry.cleaner",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_BUFFER, process_group=0,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip
            processes.append(process)
            _send(process, kind)
        yield processes
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        for process in processes:
            await process.communicate()


def _send(process: asyncio.subprocess.Process, what: Any) -> None:
    """Without waiting for it to be read: what may be on its way is bounded."""
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(what))


async def _answer(process: asyncio.subprocess.Process) -> Cleaned:
    assert process.stdout is not None
    try:
        length = int.from_bytes(await process.stdout.readexactly(LENGTH))
        said = await process.stdout.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise CleaningError(f"A process that cleans rows has ended ({await process.wait()})") from None
    answer: Cleaned | Exception = pickle.loads(said)  # noqa: S301 - by a process of our own
    if isinstance(answer, Exception):
        raise answer
    return answer
