"""The first sheet of an XLSX workbook as rows of text.

The rows are streamed, but the workbook's table of distinct texts stays in memory: that, not the number of rows, is
what limits the size of a workbook (domain/registry/workbook.py). Files without that limit are CSV.
"""

from __future__ import annotations

import contextlib
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any
from xml.parsers import expat

from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from domain.registry.rows import BadRow, Cell, Misread, Progress, RegistryFileError, Row, places, wrong_width
from domain.registry.workbook import open_workbook, sheet_rows

# What openpyxl lets through from zip, zlib and the XML parser (whose ParseError is a SyntaxError).
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    zlib.error,
    SyntaxError,
    KeyError,
    ValueError,
    TypeError,
    EOFError,
    OSError,
    expat.ExpatError,
)
_REPORT_EVERY = 500
_Values = dict[int, object]


@contextlib.contextmanager
def xlsx_rows(file: IO[bytes], columns: Sequence[str], progress: Progress) -> Iterator[Iterator[Row | BadRow]]:
    """Rows of an open workbook. Raises RegistryFileError when it is broken, beyond the limits, or on its header."""
    with warnings.catch_warnings():
        # Styles and validations that openpyxl does not know are none of the operator's business.
        warnings.simplefilter("ignore")
        try:
            book = open_workbook(file)
        except _BROKEN:
            raise RegistryFileError("is neither CSV nor a whole XLSX workbook") from None
        try:
            if not book.worksheets:
                raise RegistryFileError("the workbook has no sheet")
            yield _rows(book, columns, progress)
        finally:
            book.close()


def _rows(book: Any, columns: Sequence[str], progress: Progress) -> Iterator[Row | BadRow]:
    # What the workbook claims is often wrong: good enough for the bar.
    total = book.worksheets[0].max_row or 0
    rows = _unbroken(sheet_rows(book))
    header = next((values for _, values in rows if values), None)
    if header is None:
        raise RegistryFileError("the first sheet is empty")
    width = max((place for place, value in header.items() if str(value).strip()), default=0)
    names = [str(header.get(place, "")) for place in range(1, width + 1)]
    return _picked(rows, width, columns, places(names, columns), lambda n: progress(min(n, total), total))


def _unbroken(rows: Iterator[tuple[int, _Values]]) -> Iterator[tuple[int, _Values]]:
    """A workbook that ends in the middle is refused."""
    try:
        yield from rows
    except _BROKEN:
        raise RegistryFileError("the workbook is damaged") from None


def _picked(
    rows: Iterator[tuple[int, _Values]],
    width: int,
    columns: Sequence[str],
    at: Sequence[int],
    report: Callable[[int], None],
) -> Iterator[Row | BadRow]:
    for count, (line, values) in enumerate(rows):
        if count % _REPORT_EVERY == 0:
            report(line)
        if all(value == "" for value in values.values()):
            continue
        if max(values) > width:
            yield wrong_width(line, max(values), width)
            continue
        yield (
            line,
            tuple(cell_text(column, values.get(place + 1)) for column, place in zip(columns, at, strict=True)),
        )


def cell_text(column: str, value: object) -> Cell:
    """What a person would have typed into a CSV for this value of this column."""
    match value:
        case None:
            return ""
        case str():
            return Misread("is an error of the spreadsheet") if value in ERROR_CODES else value
        case bool():
            return Misread("is neither text nor a number")
        case int():
            # Doubles, which spreadsheets count in, are exact up to 2**53.
            return str(value) if abs(value) <= 2**53 else _ROUNDED
        case float():
            return _number_text(column, value)
        case date():
            return _date_text(column, value)
        case _:
            return Misread("is neither text nor a number")


_ROUNDED = Misread("is a number that the spreadsheet has rounded: keep it as text")


def _number_text(column: str, value: float) -> Cell:
    if not abs(value) < 10**15:  # the digits Excel keeps; also true of nan and infinity
        return _ROUNDED
    if column == "amount":
        return str(Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))
    if value.is_integer():
        return str(int(value))
    # "09.2026" typed into a spreadsheet with a decimal point becomes the number 9.2026, "10.2020" 10.202.
    return f"{value:.4f}" if column == "period" else Misread("is a number with a fraction")


def _date_text(column: str, value: date) -> Cell:
    if column == "period":
        return f"{value:%Y-%m}"
    if column == "birth_date":
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    return Misread("is a date")
