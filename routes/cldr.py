"""Times, periods and amounts in the languages that routes/formatting.py has no forms of its own for.

They are those of the CLDR, by Babel. Where it has none for a unit, Russian is shown, as for a text without translation.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from babel.core import Locale
from babel.dates import format_date, format_skeleton, get_datetime_format
from babel.numbers import format_decimal, get_decimal_symbol
from babel.units import format_unit

_NBSP = "\u00a0"


def lasting(number: int, unit: str, language: str) -> str | None:
    """`unit` is `minute`; None where the language has no form of it."""
    said = format_unit(number, f"duration-{unit}", "long", "0", locale=language)
    return None if "duration-" in said else said.replace(" ", _NBSP)


def day(local: datetime, language: str) -> str:
    """Spaces do not break within the day and the time."""
    return _joined(format_skeleton("MMMMd", local, locale=language), local, language)


def moment(local: datetime, language: str) -> str:
    return _joined(format_date(local, "long", language), local, language).replace(_NBSP, " ")


def _joined(date: str, local: datetime, language: str) -> str:
    pattern = str(get_datetime_format("long", locale=Locale.parse(language)))
    return pattern.replace("'", "").format(f"{local:%H:%M}", date.replace(" ", _NBSP))


def period(value: str, language: str) -> str:
    """A name that a language writes small stands at the beginning of a line here."""
    said = month(value, language)
    return said[:1].upper() + said[1:]


def month(value: str, language: str) -> str:
    return format_skeleton("yMMMM", datetime.fromisoformat(f"{value}-01"), locale=language)


def amount(kopecks: int, language: str) -> str:
    return format_decimal(Decimal(kopecks).scaleb(-2), "#,##0.00", locale=language)


def number_of(kopecks: int, language: str) -> str:
    return f"{kopecks // 100}{get_decimal_symbol(language)}{kopecks % 100:02d}"
