"""The first sheet of an XLSX workbook as rows of text.

openpyxl streams the rows, but keeps the workbook's table of distinct texts in memory: that, not the number
of rows, is what limits the size of a workbook. Files without that limit are CSV.
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

import openpyxl
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from domain.registry_rows import BadRow, Cell, Misread, Progress, RegistryFileError, Row, places, wrong_width

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
)
_REPORT_EVERY = 500


@contextlib.contextmanager
def xlsx_rows(file: IO[bytes], columns: Sequence[str], progress: Progress) -> Iterator[Iterator[Row | BadRow]]:
    """Rows of an open workbook. Raises RegistryFileError when it is broken or on its header."""
    with warnings.catch_warnings():
        # Styles and validations that openpyxl does not know are none of the operator's business.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except _BROKEN:
            raise RegistryFileError("is neither CSV nor a whole XLSX workbook") from None
        try:
            if not book.worksheets:
                raise RegistryFileError("the workbook has no sheet")
            yield _rows(book.worksheets[0], columns, progress)
        finally:
            book.close()


def _rows(sheet: Any, columns: Sequence[str], progress: Progress) -> Iterator[Row | BadRow]:
    total = sheet.max_row or 0
    # The size that a workbook claims for its sheet is often wrong, and would cut rows off.
    sheet.reset_dimensions()
    rows = _unbroken(sheet.iter_rows(values_only=True))
    header = next((values for _, values in rows if any(v is not None for v in values)), None)
    if header is None:
        raise RegistryFileError("the first sheet is empty")
    names = ["" if value is None else str(value) for value in header]
    while names and not names[-1].strip():
        names.pop()
    return _picked(rows, len(names), columns, places(names, columns), lambda n: progress(min(n, total), total))


def _unbroken(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Numbered rows; a workbook that ends in the middle is refused."""
    try:
        yield from enumerate(rows, 1)
    except _BROKEN:
        raise RegistryFileError("the workbook is damaged") from None


def _picked(
    rows: Iterator[tuple[int, tuple[Any, ...]]],
    width: int,
    columns: Sequence[str],
    at: Sequence[int],
    report: Callable[[int], None],
) -> Iterator[Row | BadRow]:
    for line, values in rows:
        if line % _REPORT_EVERY == 0:
            report(line)
        if all(value is None or value == "" for value in values):
            continue
        if any(value is not None for value in values[width:]):
            yield wrong_width(line, len(values), width)
            continue
        yield (
            line,
            tuple(
                cell_text(column, values[place] if place < len(values) else None)
                for column, place in zip(columns, at, strict=True)
            ),
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
