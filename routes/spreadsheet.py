"""Tables as CSV that Excel opens with a double click: UTF-8 with a mark of its own, `;` between the cells."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

# Excel reads the bytes as UTF-8 only behind this mark.
_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection").
_FORMULA = {*"=+-@|%"}
_CONTROL = ("\t", "\r", "\n")


def spreadsheet(rows: Iterable[Sequence[str]]) -> bytes:
    """No cell is taken for a formula: one that could be begins with an apostrophe."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        map(_text, row) for row in rows
    )
    return (_MARK + file.getvalue()).encode()


def _text(cell: str) -> str:
    # Full-width signs are read as the usual ones, and what cannot be seen before them is passed over.
    usual = unicodedata.normalize("NFKC", cell)
    first = next((sign for sign in usual if unicodedata.category(sign)[0] not in "ZC"), "")
    return f"'{cell}" if first in _FORMULA or cell.startswith(_CONTROL) else cell
