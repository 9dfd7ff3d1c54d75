"""A folder that the company's system puts registry files into; each is imported once it is complete.

Several may watch one folder: a lock lets one of them at a time import, and goes with its process. A file stays where it
is until it was dealt with, so whoever was killed is followed by the next one, for which an import that had ended is one
without changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from db.engine import Engine
from domain.portal import Portal
from domain.registry.file_import import Options, import_file
from domain.registry.importing import Report
from domain.registry.kinds import KINDS
from domain.registry.rows import RegistryFileError

_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", "~")
_LOCK = ".kabinet-watch.lock"


class FolderError(Exception):
    """One line for the operator on why nothing can be watched."""


class WatchedFolder:
    """A file that has not changed for `quiet` seconds is complete. `write_lines` says what came of one."""

    def __init__(self, folder: Path, quiet: float, write_lines: Callable[[str, Report], Sequence[str]]) -> None:
        self._folder, self._quiet, self._lines_of = folder, quiet, write_lines
        self._done, self._failed = folder / "done", folder / "failed"
        try:
            for made in (self._done, self._failed):
                made.mkdir(exist_ok=True)
        except OSError as error:
            raise FolderError(f"{folder}: cannot be watched: {error.strerror}") from None

    async def look(
        self,
        engine: Engine,
        portal: Portal,
        options: Options,
        clock: Callable[[], Awaitable[datetime]],
        tell: Callable[[str], None],
    ) -> None:
        """Import what is complete; nothing where another one is at it."""
        with self._turn() as now_there:
            for kind, file in [] if now_there is None else self._complete(now_there):
                now = await clock()
                try:
                    report = await import_file(engine, portal, kind, file, options, now, _silent)
                    lines, well = list(self._lines_of(file.name, report)), report.done
                    if not well:
                        lines.append(f"{file.name}: nothing was imported")
                except RegistryFileError as error:
                    lines, well = [f"{file.name}: {error}"], False
                self._put_away(file, self._done if well else self._failed, now, lines)
                tell("\n".join(lines))

    def _complete(self, now_there: float) -> list[tuple[str, Path]]:
        """In the order in which the kinds need each other, then by name."""
        found = []
        for file in sorted(self._folder.iterdir()):
            if file.name.startswith(".") or file.name.lower().endswith(_UNFINISHED) or not file.is_file():
                continue
            kind = next((kind for kind in KINDS if re.match(rf"{kind}(?![a-z])", file.name.lower())), None)
            if kind is not None and self._is_quiet(file, now_there):
                found.append((kind, file))
        return sorted(found, key=lambda one: KINDS.index(one[0]))

    def _is_quiet(self, file: Path, now_there: float) -> bool:
        try:
            found = file.stat()
        except FileNotFoundError:
            return False
        # A copy may carry the time of its original, but the change of its inode does not.
        return found.st_size > 0 and now_there - max(found.st_mtime, found.st_ctime) >= self._quiet

    def _put_away(self, file: Path, to: Path, now: datetime, lines: Sequence[str]) -> None:
        """Under the time of the import: the next file of this name replaces nothing."""
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{file.name}"
        (to / f"{name}.report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        file.replace(to / name)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[float | None]:
        """The time by the clock that the files have their times from; None where another one has the turn."""
        path = self._folder / _LOCK
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            path.touch()
            yield path.stat().st_mtime


def _silent(_done: int, _total: int) -> None:
    pass
