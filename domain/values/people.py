"""Names, birth dates and e-mail addresses as people type them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

LONGEST_NAME = 100
_LONGEST_EMAIL = 400
_LONGEST_DATE = 100
# Words of letters, with hyphens and apostrophes inside and spaces between. E-mails to unconfirmed addresses contain
# names, so no name may look like a link there: a dot is allowed only after one to three letters at the end of a word
# (`А. С.`, `Мл.`).
_WORD = r"[^\W\d_]+(?: ?['’\-] ?[^\W\d_]+)*['’]?"
_ABBREVIATION = r"(?<![^\W\d_])[^\W\d_]{1,3}\."
_NAME = re.compile(rf"(?:{_ABBREVIATION}|{_WORD})(?: (?:{_ABBREVIATION}|{_WORD}))*")
# Words within a name that have no capital: before a surname, and behind a patronymic.
_BEFORE = re.compile("де[нр]?|д[аию]|д[ао]с|л[ае]|фон|цу|[эа]ль|ибн|бин|тер|de[nr]?|d[aiou]s?|l[ae]|von|zu|[ae]l|van")
_BEHIND = re.compile("огл[ыу]|[кг]ызы|кизи|улы|уулу|заде|ogl[uy]|kyzy|qizi|zade")
_INITIALS = re.compile(r"(?<![^\W\d_])([^\W\d_]\.)(?=[^\W\d_]\.)")
_DATE = re.compile(r"(\d{1,2})[./\-\s,]+(\d{1,2})[./\-\s,]+(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SOLID = re.compile(r"(\d{2})(\d{2})(\d{4})")


def clean_text(text: str) -> str:
    """One line of plain text: NFC, no control or direction marks, single spaces."""
    text = unicodedata.normalize("NFC", text)
    # Cc and Cf: NUL, right-to-left marks and the like change how a line reads, never what it says.
    kept = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"}
    )
    return " ".join(kept.split())


def read_name(text: str) -> str | None:
    """A cleaned name of letters, spaces, hyphens and apostrophes, or None. Empty stays empty.

    Initials keep their dots: `А.С.` becomes `А. С.`.
    """
    if len(text) > 2 * LONGEST_NAME:
        return None
    name = _INITIALS.sub(r"\1 ", clean_text(text))
    # isalpha: `\w` takes signs such as ² and ⒈ for letters too.
    well_formed = _NAME.fullmatch(name) and all(c.isalpha() or c in " .'’-" for c in name)
    return name if not name or (well_formed and len(name) <= LONGEST_NAME) else None


def with_capitals(name: str) -> str:
    """A name of `read_name` that was typed in small letters only, or in capitals only: `Мария Салтыкова-Щедрина`.

    Whoever typed capitals and small letters has written the name as it is.
    """
    if name != name.lower() and name != name.upper():
        return name
    words = name.lower().split(" ")
    return " ".join(_word_of_name(words, place) for place in range(len(words)))


def _word_of_name(words: list[str], place: int) -> str:
    word = words[place]
    if _is_small(word, first=place == 0, last=place == len(words) - 1):
        return word
    parts = word.split("-")
    return "-".join(
        part if at > 0 and _is_small(part, first=False, last=at == len(parts) - 1) else _with_capital(part)
        for at, part in enumerate(parts)
    )


def _is_small(word: str, *, first: bool, last: bool) -> bool:
    return bool((_BEFORE.fullmatch(word) and not last) or (_BEHIND.fullmatch(word) and not first))


def _with_capital(part: str) -> str:
    # д’Артаньян, О’Нил; a mark behind more letters than one is a letter itself.
    beginning, mark, rest = part[:1], part[1:2], part[2:]
    if mark and mark in "'’" and rest and beginning in "дdоo":
        return (beginning if beginning in "дd" else beginning.upper()) + mark + rest[:1].upper() + rest[1:]
    return beginning.upper() + part[1:]


def is_no_day(text: str) -> bool:
    """Whether it is written as a date, of a day that no calendar has: `31.02.1950`."""
    parts = _date_parts(text)
    if parts is None:
        return False
    year, month, day = parts
    try:
        date(year, month, day)
    except ValueError:
        return True
    return False


def _date_parts(text: str) -> tuple[int, int, int] | None:
    """Year, month and day, which may be none."""
    if len(text) > _LONGEST_DATE:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    if iso := _ISO.fullmatch(text):
        return int(iso[1]), int(iso[2]), int(iso[3])
    match = _DATE.fullmatch(text) or _SOLID.fullmatch(text)
    return (int(match[3]), int(match[2]), int(match[1])) if match else None


def read_birth_date(text: str, today: date) -> date | None:
    """A date in the past, at most 120 years ago: `01.02.1990`, `1/2/1990`, `1990-02-01`, `01021990`."""
    parts = _date_parts(text)
    if parts is None or is_no_day(text):
        return None
    born = date(*parts)
    return born if born < today and today.year - born.year <= 120 else None


def read_email(text: str) -> str | None:
    """The address in one form (domain folded, local part as typed), or None. No DNS is asked."""
    if len(text) > _LONGEST_EMAIL:
        return None
    # Its tables take a tenth of the time in which the portal starts.
    from email_validator import EmailNotValidError, validate_email

    text = unicodedata.normalize("NFKC", text).strip()
    try:
        # Reserved names such as example.test are accepted too: the link tells whether an address exists.
        address = validate_email(
            text, check_deliverability=False, globally_deliverable=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        return None
    return address.normalized if "." in address.domain else None


def fold_login(login: str) -> str:
    """The form in which two spellings of a login are equal."""
    return clean_text(login).casefold()


def fold_email(email: str) -> str:
    """The form in which two spellings of one address are equal; what is hashed."""
    # Not casefold: it makes `ss` of `ß`, and `straße.de` is not `strasse.de`.
    return email.lower()


def short_name(last_name: str, first_name: str, patronymic: str) -> str:
    """`Анна Петровна И···`: somebody who knows the customer recognises them by it."""
    return " ".join(part for part in (first_name, patronymic, f"{last_name[:1]}···" if last_name else "") if part)


def mask_email(email: str) -> str:
    """`i···a@example.org`."""
    local, _, domain = email.rpartition("@")
    return f"{local[0]}···{local[-1] if len(local) > 1 else ''}@{domain}"
