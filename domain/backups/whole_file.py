"""A file that is there when it has been written to its end, and not before."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class ArchiveError(Exception):
    """A backup's file cannot be written or used; the text is one line for the operator."""


@contextlib.contextmanager
def told(path: Path, done: str) -> Iterator[None]:
    """Around whatever reads or writes the file."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{path} cannot be {done}: {error.strerror or error}") from None


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Written beside `path` under another name, for its owner alone; it gets its name once it is on the disk."""
    with told(path, "written"):
        if path.exists():
            raise FileExistsError(0, "it exists already")
        descriptor, made = tempfile.mkstemp(prefix=f"{path.name}.part-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            with told(path, "written"):
                file.flush()
                os.fsync(descriptor)
                Path(made).rename(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    with told(path, "written"):
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """The name is in the folder, which is flushed by itself."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
