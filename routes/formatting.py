"""Times, periods and amounts as each language prints them."""

from __future__ import annotations

from datetime import datetime

from babel import Locale

from domain.values import money, periods
from routes.catalogue import current

_OF_MONTH = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


# Seconds of a unit, the least number of it that is printed, and its forms. Days are printed from two on: «24 часа» is
# exact, «1 день» is not. The Russian forms are accusative, after «действует»: one minute is «минуту».
_UNITS = (
    (86400, 2, {"ru": ("день", "дня", "дней"), "en": ("day", "days")}),
    (3600, 1, {"ru": ("час", "часа", "часов"), "en": ("hour", "hours")}),
    (60, 1, {"ru": ("минуту", "минуты", "минут"), "en": ("minute", "minutes")}),
    (1, 0, {"ru": ("секунду", "секунды", "секунд"), "en": ("second", "seconds")}),
)
_PLURALS = {language: Locale.parse(language).plural_form for language in ("ru", "en")}
_FORMS = {"ru": {"one": 0, "few": 1, "many": 2}, "en": {"one": 0, "other": 1}}
# A rounded unit is printed from this number on: rounding then leaves out less than a tenth.
_ENOUGH = 10


def lasting(seconds: int, *, days: bool = True) -> str:
    """A span of time: `90 секунд`, `45 минут`, `36 часов`, `3 days`, with a space that does not break.

    The largest unit that it is a whole number of, or holds ten or more of; rounded down, so it is never overstated.
    Without `days`, three of them are 72 hours.
    """
    number, forms = next(
        (seconds // length, forms)
        for length, least, forms in (_UNITS if days else _UNITS[1:])
        if seconds // length >= least and (seconds % length == 0 or seconds // length >= _ENOUGH)
    )
    language = current()
    return f"{number}\u00a0{forms[language][_FORMS[language][_PLURALS[language](number)]]}"


def country(code: str) -> str:
    """`RU` as `Россия`, `Russia`."""
    return str(Locale.parse(current()).territories.get(code, code))


def day(local: datetime) -> str:
    """`16 сентября в 14:32`, `16 September at 14:32`, with spaces that do not break."""
    if current() == "en":
        return f"{local.day}\u00a0{_MONTHS[local.month - 1]} at\u00a0{local:%H:%M}"
    return f"{local.day}\u00a0{_OF_MONTH[local.month - 1]} в\u00a0{local:%H:%M}"


def moment(iso: str) -> str:
    """`16.09.2026 в 14:32`, `16 September 2026 at 14:32`: a message may be read much later."""
    local = datetime.fromisoformat(iso)
    if current() == "en":
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%Y at %H:%M}"
    return f"{local:%d.%m.%Y в %H:%M}"


def period(value: str) -> str:
    """`2026-08` as `Август 2026`, `August 2026`."""
    if current() == "en":
        return f"{_MONTHS[int(value[5:]) - 1]} {value[:4]}"
    return periods.show_period(value)


def month(value: str) -> str:
    """The same within a sentence: `август 2026`, with a space that does not break."""
    said = period(value).replace(" ", "\u00a0")
    return said if current() == "en" else said.lower()


def amount(kopecks: int) -> str:
    """`16 058,53`, `16,058.53`, without the currency."""
    if current() == "en":
        return f"{kopecks // 100:,}.{kopecks % 100:02d}"
    return money.show_amount(kopecks)


def number_of(kopecks: int) -> str:
    """`16058,53`, `16058.53`: a spreadsheet would take an amount with spaces for a text."""
    return f"{kopecks // 100}{'.' if current() == 'en' else ','}{kopecks % 100:02d}"
