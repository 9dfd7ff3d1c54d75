"""The first sheet of an XLSX workbook as rows of text.

openpyxl streams the rows, but keeps the workbook's table of distinct texts in memory: that, not the number
of rows, is what limits the size of a workbook. Files without that limit are CSV.
"""

from __future__ import annotations

import contextlib
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any

import openpyxl
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from domain.registry_rows import BadRow, Cell, FileRefused, Misread, Progress, Row, places, wrong_width

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
def xlsx_rows(
    file: IO[bytes], columns: Sequence[str], progress: Progress
) -> Iterator[Iterator[Row | BadRow]]:
    """Rows of an open workbook. Raises FileRefused when it is broken or on its header."""
    with warnings.catch_warnings():
        # Styles and validations that openpyxl does not know are none of the operator's business.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except _BROKEN:
            raise FileRefused("is neither CSV nor a whole XLSX workbook") from None
        try:
            if not book.worksheets:
                raise FileRefused("the workbook has no sheet")
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
        raise FileRefused("the first sheet is empty")
    names = ["" if value is None else str(value) for value in header]
    while names and not names[-1].strip():
        names.pop()
    return _picked(rows, len(names), columns, places(names, columns), lambda n: progress(min(n, total), total))


def _unbroken(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Numbered rows; a workbook that ends in the middle is refused."""
    try:
        yield from enumerate(rows, 1)
    except _BROKEN:
        raise FileRefused("the workbook is damaged") from None
