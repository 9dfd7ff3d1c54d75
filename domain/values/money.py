"""Amounts as people type them, kept as integer kopecks."""

from __future__ import annotations

import re
import unicodedata

# At most ten digits of roubles: no bill is larger, and no column overflows.
_AMOUNT = re.compile(r"(\d{1,10})(?:[.,](\d{1,2}))?")
_GROUPED = re.compile(r"(\d{1,3}(?:([,.])\d{3})+)([.,])(\d{2})")
_CURRENCY = re.compile(r"(?:₽|руб(?:\.|лей|ля|ль)?|р\.?|rub)$", re.IGNORECASE)
_LABEL = re.compile(r"^(?:(?:итого|всего|сумма|к\s+оплате|total|amount)[\s:]*)+", re.IGNORECASE)
_CURRENCY_BEFORE = re.compile(r"^(?:₽|руб\.?|rub)\s*(?=\d)", re.IGNORECASE)
_ROUBLES = r"(?:₽|руб(?:лей|ля|ль)?|р|rub)\.?"
_KOPECKS = r"(?:коп(?:еек|ейки|ейка)?|к)\.?"
# «5 коп.» are five kopecks and no tenths; without the word kopecks have two digits, as on a bill. Thousands are groups
# of three digits, so two behind a space can only be kopecks.
_IN_WORDS = re.compile(rf"(.*\d)\s*{_ROUBLES},?\s*(?:и\s+)?(\d{{1,2}})\s*{_KOPECKS}", re.IGNORECASE)
_IN_TWO_PARTS = re.compile(rf"(.*\d)\s*(?:{_ROUBLES}|[-=\u2010-\u2015\u2212])\s*(\d{{2}})", re.IGNORECASE)
_AFTER_A_SPACE = re.compile(r"((?:\d{1,3}(?:\s\d{3})+|\d+))\s(\d{2})")


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


def read_typed_amount(text: str) -> int | None:
    """The same of what a customer types: `2293 руб 17 коп`, `2293-17`, `2293=17` and `2293 17` are read too."""
    text = _LABEL.sub("", unicodedata.normalize("NFKC", text).strip())
    text = _CURRENCY_BEFORE.sub("", text)
    bare = _CURRENCY.sub("", text).strip()
    parts = _IN_WORDS.fullmatch(text) or _IN_TWO_PARTS.fullmatch(bare) or _AFTER_A_SPACE.fullmatch(bare)
    if parts is None:
        return read_amount(text)
    roubles = read_amount(parts[1])
    return None if roubles is None or roubles % 100 else roubles + int(parts[2])


def show_amount(kopecks: int) -> str:
    """`16 058,53` with non-breaking spaces, without the currency."""
    return f"{kopecks // 100:,}".replace(",", "\u00a0") + f",{kopecks % 100:02d}"
