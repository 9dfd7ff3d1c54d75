"""Card numbers as people type them, kept as digits."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212.]")
_LABEL = re.compile(r"(?:(?:номер|карт[аы]|card|number|no)[\s.:#\-]*)+", re.IGNORECASE)


def read_card_number(text: str) -> str | None:
    """12 to 19 digits (ISO/IEC 7812-1), typed with spaces or dashes or full-width; None for anything else.

    «Номер карты» before them is no part of the number.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if label := _LABEL.match(text):
        text = text[label.end() :]
    digits = _SEPARATORS.sub("", text)
    return digits if re.fullmatch("[0-9]{12,19}", digits) else None


def has_check_digit(digits: str) -> bool:
    """Whether the last digit is right (ISO/IEC 7812-1, annex B). Not every company's cards have one."""
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0
