"""Whether a file that pages are made of has changed: a designer's edit shows with the next request.

In production nothing is looked at. While developing the kernel keeps a list of what has been written since it was asked
last (inotify(7)): asking costs a microsecond, and misses nothing that was written before the request came. Where there
is no inotify, the times of all files are compared.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from routes.design import Design

# Modified, moved here or away, created, deleted: linux/inotify.h.
_CHANGES = 0x2 | 0x40 | 0x80 | 0x100 | 0x200
_UNREAD = 64 * 1024


class Sources:
    """`version` is another number after every change. `design` says where the files are.

    It is made of the files, so that all workers name the same: an open page asks now one of them, now another, and
    would take two numbers for a change, again and again.
    """

    def __init__(self, folders: Sequence[Path], *, watch: bool, design: Design | None = None) -> None:
        self.design = design or Design()
        self._folders, self._watch = folders, watch
        # Watched before they are read: what is written in between counts with the next question.
        self._events, self._watcher = _watching(folders) if watch else None, os.getpid()
        self._times = self._files() if watch and self._events is None else {}
        self._version = self._read() if watch else 0

    @property
    def version(self) -> int:
        if self._watch and self._changed():
            self._version = self._read()
        return self._version

    def _read(self) -> int:
        digest = hashlib.sha256()
        for path in sorted(self._files()):
            # Not seen again: one that went meanwhile, which counts with the next question.
            with contextlib.suppress(FileNotFoundError):
                digest.update(f"{path}\0{path.stat().st_mtime_ns}\0".encode(errors="surrogateescape"))
                digest.update(path.read_bytes() if path.is_file() else b"")
        return int.from_bytes(digest.digest()[:6])

    def _changed(self) -> bool:
        if self._events is not None:
            return self._written(self._events)
        before, self._times = self._times, self._files()
        return before != self._times

    def _written(self, events: int) -> bool:
        # What one process reads of a list no other does: a forked worker begins one of its own.
        if self._watcher == os.getpid():
            try:
                os.read(events, _UNREAD)
            except BlockingIOError:
                return False
        # A new folder is watched from now on; what was written into it meanwhile counts with this change.
        os.close(events)
        self._events, self._watcher = _watching(self._folders), os.getpid()
        return True

    def _files(self) -> dict[Path, int]:
        found = (path for folder in self._folders for path in folder.rglob("*"))
        return {path: path.stat().st_mtime_ns for path in found if path.exists()}


@cache
def sources(*, watch: bool, own: Path | None = None) -> Sources:
    """Templates, their texts, styles and scripts, with those of the company's folder `own`.

    One for the process, as the kernel gives few lists to a user.
    """
    design = Design(own)
    return Sources(design.folders, watch=watch, design=design)


def _watching(folders: Sequence[Path]) -> int | None:
    """A descriptor from which changes are read; None where the system has no such thing, or no more of them."""
    library = ctypes.CDLL(ctypes.util.find_library("c") or None, use_errno=True)
    if not hasattr(library, "inotify_init1"):
        return None
    events: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if events < 0:
        return None
    for folder in _within(folders):
        if library.inotify_add_watch(events, os.fsencode(folder), _CHANGES) < 0:
            os.close(events)
            return None
    return events


def _within(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield folder
        yield from (path for path in folder.rglob("*") if path.is_dir())
