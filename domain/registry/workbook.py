"""A workbook opened within limits: what a small file may unpack to, and how far its rows may lie apart.

openpyxl reads some parts of a workbook whole and fills the gaps between rows; a file of 0.3 MB took 956 MB, and a row
numbered 10**9 never ended. Here every part goes through a reader that counts, and the rows come without filling.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import iterparse
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from domain.registry.rows import RegistryFileError

# What a worksheet of Excel has at most (ECMA-376, part 1, 18.3.1.73; Microsoft's "Excel specifications and limits").
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
# A part that openpyxl reads whole, bytes; as a tree it takes about twenty times that.
_WHOLE_PART = 8 * 2**20
# The table of texts stays in memory: its bytes, and how many of them.
_TEXTS_BYTES, _TEXTS = 128 * 2**20, 2_000_000
# Between two rows, or within one: read as a tree, too.
_ROW_BYTES = 4 * 2**20
# How far a part may be compressed: sheets of the most repetitive registries come to 1:60, a bomb to 1:1000.
_RATIO, _RATIO_FREE = 200, 32 * 2**20
_READ = 1 << 16
_REFERENCE = re.compile(r"([A-Z]{1,7})[1-9][0-9]*")
_TOO_BIG = "the workbook unpacks to far more than a registry needs: save it as CSV"


class _Counted:
    """A part of the archive as it is read: rows, columns and texts within their limits, no entities of its own."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._read = self._since_row = self._texts = self._rows = 0
        self._in_texts = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(_READ if size < 0 else size)
        self._read += len(data)
        self._since_row += len(data)
        self._parser.Parse(data, not data)
        if self._since_row > _ROW_BYTES or (self._in_texts and self._read > _TEXTS_BYTES):
            raise RegistryFileError(_TOO_BIG)
        return data

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _doctype(self, *_: object) -> None:
        raise RegistryFileError("the workbook holds a document type of its own, which no spreadsheet writes")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self._since_row = 0
                self._row(attributes.get("r", ""))
            case "c":
                _check_column(attributes.get("r", ""))
            case "si":
                self._since_row = 0
                self._in_texts = True
                self._texts += 1
                if self._texts > _TEXTS:
                    raise RegistryFileError(_TOO_BIG)

    def _row(self, number: str) -> None:
        self._rows += 1
        if self._rows > LAST_ROW:
            raise RegistryFileError(_TOO_BIG)
        if number.isdecimal() and (len(number) > 7 or int(number) > LAST_ROW):
            raise RegistryFileError(f"row {number[:20]}: a sheet ends at row {LAST_ROW}")


def _check_column(reference: str) -> None:
    # Nearly all of them: two letters at most.
    if len(reference) <= 3 or reference[2] < "A":
        return
    if (match := _REFERENCE.fullmatch(reference)) and (
        len(match[1]) > 3 or column_index_from_string(match[1]) > LAST_COLUMN
    ):
        raise RegistryFileError(f"cell {reference[:20]}: a sheet ends at column XFD")


class _Archive(zipfile.ZipFile):
    """An archive whose parts are read within limits, in pieces or whole, which is all that openpyxl asks of it."""

    def open(self, name: Any, *_: Any, **__: Any) -> Any:
        part = self.getinfo(name)
        # zipfile reads no more than the size that stands there.
        if part.file_size > max(_RATIO_FREE, part.compress_size * _RATIO):
            raise RegistryFileError(_TOO_BIG)
        return _Counted(super().open(name))

    def read(self, name: Any, *_: Any) -> bytes:
        with super().open(name) as part:
            data = part.read(_WHOLE_PART + 1)
        if len(data) > _WHOLE_PART:
            raise RegistryFileError(_TOO_BIG)
        if b"<!DOCTYPE" in data:
            raise RegistryFileError("the workbook holds a document type of its own, which no spreadsheet writes")
        return data


class _Reader(ExcelReader):
    def read_strings(self) -> None:
        """The table of texts, without the readings of Japanese signs; openpyxl's own keeps the tree and is slower."""
        package: Any = self.package
        if (part := package.find(SHARED_STRINGS)) is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            table: Any = None
            for event, element in iterparse(source, ("start", "end")):  # noqa: S314 - `_Counted` refuses entities
                if table is None:
                    table = element
                elif event == "end" and element.tag == _TEXT_TAG:
                    pieces = [*element.findall(_PLAIN_TAG), *element.findall(f"{_RUN_TAG}/{_PLAIN_TAG}")]
                    self.shared_strings.append("".join(piece.text or "" for piece in pieces))
                    table.clear()


def open_workbook(file: IO[bytes]) -> Any:
    """openpyxl's workbook, its sheets not yet read. Raises RegistryFileError beyond the limits."""
    reader = _Reader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive.close()
    reader.archive = _Archive(file)
    reader.read()
    return reader.wb


def sheet_rows(book: Any) -> Iterator[tuple[int, dict[int, object]]]:
    """Row numbers and the values of the filled cells of the first sheet by column, counted from 1."""
    sheet = book.worksheets[0]
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source, sheet._shared_strings, data_only=True, epoch=book.epoch,
            date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        rows: Any = None
        for event, element in iterparse(source, ("start", "end")):  # noqa: S314 - `_Counted` refuses entities
            if event == "start":
                if element.tag == _ROWS_TAG:
                    rows = element
            elif element.tag == ROW_TAG:
                number, cells = parser.parse_row(element)
                yield number, {cell["column"]: cell["value"] for cell in cells if cell["value"] is not None}
                parser.row_dimensions.clear()
                # Cleared alone it would stay in the tree, one for each row.
                if rows is not None:
                    rows.clear()


_ROWS_TAG, _TEXT_TAG, _RUN_TAG, _PLAIN_TAG = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sheetData", "si", "r", "t"))
