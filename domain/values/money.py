"""Amounts as people type them, kept as integer kopecks."""

from __future__ import annotations

import re
import unicodedata

# At most ten digits of roubles: no bill is larger, and no column overflows.
_AMOUNT = re.compile(r"(\d{1,10})(?:[.,](\d{1,2}))?")
_GROUPED = re.compile(r"(\d{1,3}(?:([,.])\d{3})+)([.,])(\d{2})")
_CURRENCY = re.compile(r"(?:₽|руб(?:\.|лей|ля|ль)?|р\.?|rub)$", re.IGNORECASE)


def read_amount(text: str) -> int | None:
    """Kopecks, or None where it is not an amount of zero or more (`-1`, `1e3`, `1,234`).

    `1 234,56`, `1234.5`, `1.234,56 ₽` and full-width digits are read alike.
    """
    text = _CURRENCY.sub("", unicodedata.normalize("NFKC", text).strip()).strip()
    text = re.sub(r"(?<=\d)[\s'’](?=\d)", "", text)
    if not text.isascii():
        return None
    if grouped := _GROUPED.fullmatch(text):
        whole, between, point, fraction = grouped.groups()
        if between == point:
            return None
        text = whole.replace(between, "") + "." + fraction
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        return None
    return int(amount[1]) * 100 + int((amount[2] or "0").ljust(2, "0"))


def show_amount(kopecks: int) -> str:
    """`16 058,53` with non-breaking spaces, without the currency."""
    return f"{kopecks // 100:,}".replace(",", "\u00a0") + f",{kopecks % 100:02d}"
