"""The number of a row in an address."""

from __future__ import annotations

import re

from litestar.exceptions import NotFoundException

# As many digits as surely fit the 64 bits of a column. `int()` would also read `+1`, `1_0` and digits of other scripts.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def row_id(text: str) -> int:
    """404 for what can be the number of no row."""
    if not _NUMBER.fullmatch(text):
        raise NotFoundException
    return int(text)
