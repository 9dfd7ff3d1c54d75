"""Reads account numbers as they are printed on bills into one form."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212.\-_]")
# At most 40 characters, as in the column. Digits alone are read fast: a registry has millions of such numbers.
_USUAL = re.compile(r"[0-9]{1,40}")
_NUMBER = re.compile(r"[0-9A-ZА-ЯЁ/]{1,40}")


def read_account_number(text: str) -> str | None:
    """Letters and digits without spaces and dashes, upper case; None where nothing like that is left.

    Leading zeros stay: they are part of the number.
    """
    if _USUAL.fullmatch(text):
        return text
    # Before NFKC, which turns it into "No".
    text = text.replace("№", "")
    text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    return text if _NUMBER.fullmatch(text) else None
