"""CSV as registries are exported: `;`, `,` or tab, in an encoding of domain/registry/encoding.py."""

from __future__ import annotations

import contextlib
import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import IO

from domain.registry.encoding import NAMES, encoding_of
from domain.registry.rows import BadRow, Progress, RegistryFileError, Row, places, wrong_width

_DELIMITERS = ";,\t"
# The csv module's own limit for a field; a line without end must not fill the memory either.
_LONGEST_LINE = 131_072
_REPORT_EVERY = 2_000
_Pick = Callable[[list[str]], Sequence[str]]


@contextlib.contextmanager
def csv_rows(file: IO[bytes], columns: Sequence[str], progress: Progress) -> Iterator[Iterator[Row | BadRow]]:
    """Rows of an open, seekable file; memory does not grow with it. Raises RegistryFileError on its header."""
    size = file.seek(0, io.SEEK_END)
    encoding = encoding_of(file)
    file.seek(0)
    with io.TextIOWrapper(file, encoding, errors="replace", newline="") as stream:
        lines = _Lines(stream)
        header = next((line for line in lines if line.strip()), None)
        if header is None:
            raise RegistryFileError("the file is empty")
        delimiter = _delimiter(header, columns)
        names = _cells(header, delimiter)
        pick = _picker(places(names, columns))
        rows = _rows(lines, delimiter, len(names), pick, lambda: progress(file.tell(), size))
        yield _until_misread(rows, columns, NAMES[encoding]) if encoding in NAMES else rows


def _picker(at: Sequence[int]) -> _Pick:
    """The wanted cells of a row; those of a column that the file does not have are empty."""
    if -1 not in at:
        return itemgetter(*at)
    return lambda cells: tuple(cells[place] if place >= 0 else "" for place in at)


def _until_misread(rows: Iterator[Row | BadRow], columns: Sequence[str], encoding: str) -> Iterator[Row | BadRow]:
    """Rows up to the first cell that only a guess could read: a wrong one would go into every address."""
    for row in rows:
        if not isinstance(row, BadRow):
            line, cells = row
            for column, cell in zip(columns, cells, strict=True):
                if isinstance(cell, str) and not cell.isascii():
                    raise RegistryFileError(
                        f"line {line}, {column}: the text seems to be in {encoding}; save the file in UTF-8"
                    )
        yield row


def _delimiter(header: str, columns: Sequence[str]) -> str:
    """The one that finds most of the wanted columns in the header."""

    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip().casefold() for name in _cells(header, delimiter)]
        return sum(column in names for column in columns), len(names)

    return max(_DELIMITERS, key=found)


def _cells(header: str, delimiter: str) -> list[str]:
    return next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])


class _Lines:
    """Numbered physical lines that can be given back when a record turns out to be broken."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._read = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._next_line()
        if not line:
            raise StopIteration
        self._read += 1
        self.taken.append(line)
        return line

    def _next_line(self) -> str:
        line = self._stream.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
            while (rest := self._stream.readline(_LONGEST_LINE)) and rest[-1] not in "\r\n":
                pass
        return line

    @property
    def start(self) -> int:
        """The number of the first line taken since `taken` was emptied."""
        return self._read - len(self.taken) + 1

    def give_back(self) -> None:
        """All lines taken but the first: they may be records of their own."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        self._read -= len(self.taken) - 1
        del self.taken[1:]


def _rows(lines: _Lines, delimiter: str, width: int, pick: _Pick, report: Callable[[], None]) -> Iterator[Row | BadRow]:
    for count, (line, cells) in enumerate(_records(lines, delimiter)):
        if count % _REPORT_EVERY == 0:
            report()
        if isinstance(cells, BadRow):
            yield cells
        elif not "".join(cells).strip():
            continue
        elif len(cells) == width:
            yield line, pick(cells)
        else:
            # A stray quote may have swallowed good rows: they get a chance of their own.
            lines.give_back()
            yield wrong_width(line, len(cells), width)
    report()


def _records(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Each record with the number of its first line; one with broken quoting costs that line only."""
    while True:
        # Strict, or `"a" b` and a quote that is never closed would be read as something.
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        lines.taken.clear()
        try:
            for cells in reader:
                yield lines.start, cells if _whole(lines.taken) else BadRow(lines.start, "", "is too long")
                lines.taken.clear()
            return
        except csv.Error:
            lines.give_back()
            yield lines.start, BadRow(lines.start, "", "has a quote out of place or a cell without end")


def _whole(taken: list[str]) -> bool:
    return max(map(len, taken), default=0) < _LONGEST_LINE or all(
        len(line) < _LONGEST_LINE or line[-1] in "\r\n" for line in taken
    )
