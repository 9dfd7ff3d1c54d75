"""Reads account numbers, as the registry or a customer writes them, into one form."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212.\-_]")
# At most 40 characters, as in the column. Digits alone are read fast: a registry has millions of such numbers.
_USUAL = re.compile(r"[0-9]{1,40}")
_NUMBER = re.compile(r"[0-9A-ZА-ЯЁ/]{1,40}")
# What people write before the number; the Latin «c» looks like the Russian one. «N» belongs to the number where it
# stands directly before it.
_WORD = (
    r"номера?|ном|мой|лицев(?:ой|ого)|лиц|сч\wта?|сч|л\s?[/\\.]?\s?[сc]|личный|абонента?"
    r"|account|acct|number|no|n(?=[\s.:°])"
)
_BETWEEN = r"[\s.,:;=#/()\-\u2010-\u2015\u2212°]"
_LABEL = re.compile(
    rf"^(?:(?:{_WORD})(?![^\W\d_]){_BETWEEN}*)+(?=[0-9])|(?<=[0-9])(?:{_BETWEEN}+(?:{_WORD})(?![^\W\d_]))+{_BETWEEN}*$",
    re.IGNORECASE,
)


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


def read_typed_account_number(text: str) -> str | None:
    """The same of what a customer types: without «лицевой счет» or «л/с» around it; None without any digit."""
    text = unicodedata.normalize("NFKC", text.replace("№", " ")).strip()
    number = read_account_number(_LABEL.sub("", text))
    return number if number and any(sign.isdigit() for sign in number) else None


def spellings(number: str) -> tuple[str, ...]:
    """The forms in which a registry may hold a number that a customer has typed: with its label before it, too."""
    return number, f"ЛС{number}", f"Л/С{number}"
