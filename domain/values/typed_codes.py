"""Codes as people type or paste them: from an SMS, or from a picture."""

from __future__ import annotations

import re
import unicodedata

_RUN = re.compile(r"[0-9]+")
# Digits with single spaces or dashes between them, as in «934-733» and «93 47 33».
_GROUP = re.compile(r"[0-9]+(?:[\s\-\u2010-\u2015\u2212.][0-9]+)*")
_NO_DIGIT = re.compile(r"[^0-9]")


def read_code(text: str, digits: int) -> str | None:
    """The one group of `digits` digits in `text`, which may be the whole SMS; None where there is none, or several.

    Spaces and dashes within the group are dropped, full-width digits are read as plain ones.
    """
    text = unicodedata.normalize("NFKC", text)
    for groups in (_RUN.findall(text), [_NO_DIGIT.sub("", group) for group in _GROUP.findall(text)]):
        long_enough = [group for group in groups if len(group) == digits]
        if long_enough:
            return long_enough[0] if len(long_enough) == 1 else None
    return None
