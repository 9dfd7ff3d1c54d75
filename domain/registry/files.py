"""A registry file, CSV or XLSX by its content, as rows of text."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from domain.registry.csv import csv_rows
from domain.registry.rows import BadRow, Progress, RegistryFileError, Row

_ZIP = b"PK\x03\x04"
# Compound File Binary: .xls, and .xlsx behind a password ([MS-CFB] 2.2).
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _silent(done: int, total: int) -> None:
    pass


@contextlib.contextmanager
def opened_rows(path: Path, columns: Sequence[str], progress: Progress = _silent) -> Iterator[Iterator[Row | BadRow]]:
    """The rows of `path`, cells in the order of `columns`; blank rows are left out.

    Raises RegistryFileError, here or while rows are read, when the file as a whole cannot be used.
    """
    with _opened(path) as file:
        magic = file.read(8)
        if not magic:
            raise RegistryFileError("the file is empty")
        if magic == _CFB:
            raise RegistryFileError("is an old .xls or a protected workbook: save it as .xlsx or CSV")
        file.seek(0)
        if magic.startswith(_ZIP) and zipfile.is_zipfile(file):
            # Few files are workbooks, and what reads them takes long to load.
            from domain.registry.xlsx import xlsx_rows

            with xlsx_rows(file, columns, progress) as rows:
                yield rows
        elif magic.startswith(_ZIP):
            raise RegistryFileError("the workbook is damaged")
        else:
            with csv_rows(file, columns, progress) as rows:
                yield rows


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.is_dir():
        raise RegistryFileError("is a folder, not a file")
    if path.exists() and not path.is_file():
        raise RegistryFileError("is not a regular file")
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise RegistryFileError(f"cannot be read: {reason or 'not a path'}") from None
    with file:
        yield file
