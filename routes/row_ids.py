"""Reads the number of a row from an address."""

from __future__ import annotations

import re

from litestar.exceptions import NotFoundException

# `int()` would also read `+1`, `1_0` and digits of other scripts.
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def row_id(text: str, *, bits: int) -> int:
    """404 for a text that cannot be the number of a row. `bits` is the width of the column: PostgreSQL refuses more."""
    if not _NUMBER.fullmatch(text) or int(text) >= 2 ** (bits - 1):
        raise NotFoundException
    return int(text)


def number_of(text: str) -> int:
    """The number in a form or a query, for 32 bits; 0 where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
