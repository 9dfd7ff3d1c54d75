"""Times, periods and amounts as each language prints them: Russian and English here, all others in routes/cldr.py."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from babel import Locale

from domain.values import money, periods
from routes import cldr
from routes.catalogue import current
from routes.design import ORIGINAL

_OF_MONTH = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


# Seconds of a unit, its name, the least number of it that is printed, and its forms. Days are printed from two on:
# «24 часа» is exact, «1 день» is not. The Russian forms are accusative, after «действует»: one minute is «минуту».
_UNITS = (
    (86400, "day", 2, {"ru": ("день", "дня", "дней"), "en": ("day", "days")}),
    (3600, "hour", 1, {"ru": ("час", "часа", "часов"), "en": ("hour", "hours")}),
    (60, "minute", 1, {"ru": ("минуту", "минуты", "минут"), "en": ("minute", "minutes")}),
    (1, "second", 0, {"ru": ("секунду", "секунды", "секунд"), "en": ("second", "seconds")}),
)
_FORMS = {"ru": {"one": 0, "few": 1, "many": 2}, "en": {"one": 0, "other": 1}}
_PLURALS = {language: Locale.parse(language).plural_form for language in _FORMS}
# A rounded unit is printed from this number on: rounding then leaves out less than a tenth.
_ENOUGH = 10


def lasting(seconds: int, *, days: bool = True) -> str:
    """A span of time: `90 секунд`, `45 минут`, `36 часов`, `3 days`, with a space that does not break.

    The largest unit that it is a whole number of, or holds ten or more of; rounded down, so it is never overstated.
    Without `days`, three of them are 72 hours.
    """
    number, unit, forms = next(
        (seconds // length, unit, forms)
        for length, unit, least, forms in (_UNITS if days else _UNITS[1:])
        if seconds // length >= least and (seconds % length == 0 or seconds // length >= _ENOUGH)
    )
    language = current()
    if language not in _FORMS:
        if (said := cldr.lasting(number, unit, language)) is not None:
            return said
        language = ORIGINAL
    return f"{number}\u00a0{forms[language][_FORMS[language][_PLURALS[language](number)]]}"


def whole_minutes(span: timedelta) -> int:
    """The seconds of its whole minutes, at least of one: how long something has waited is told without seconds."""
    return max(60, span // timedelta(minutes=1) * 60)


def without_values(text: str) -> str:
    """The first sentence of a text of the catalogue, with an ellipsis for each value that it is filled with."""
    return re.sub(r"\{\w*\}", "…", text.partition(". ")[0].removesuffix("."))


def country(code: str) -> str:
    """`RU` as `Россия`, `Russia`."""
    return str(Locale.parse(current()).territories.get(code, code))


def day(local: datetime) -> str:
    """`16 сентября в 14:32`, `16 September at 14:32`, with spaces that do not break."""
    if (language := current()) == "en":
        return f"{local.day}\u00a0{_MONTHS[local.month - 1]} at\u00a0{local:%H:%M}"
    if language != ORIGINAL:
        return cldr.day(local, language)
    return f"{local.day}\u00a0{_OF_MONTH[local.month - 1]} в\u00a0{local:%H:%M}"


def moment(iso: str) -> str:
    """`16.09.2026 в 14:32`, `16 September 2026 at 14:32`: a message may be read much later."""
    local = datetime.fromisoformat(iso)
    if (language := current()) == "en":
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%Y at %H:%M}"
    if language != ORIGINAL:
        return cldr.moment(local, language)
    return f"{local:%d.%m.%Y в %H:%M}"


def period(value: str) -> str:
    """`2026-08` as `Август 2026`, `August 2026`."""
    if (language := current()) == "en":
        return f"{_MONTHS[int(value[5:]) - 1]} {value[:4]}"
    return periods.show_period(value) if language == ORIGINAL else cldr.period(value, language)


def month(value: str) -> str:
    """The same within a sentence: `август 2026`, with a space that does not break."""
    if (language := current()) == "en":
        said = period(value)
    else:
        said = period(value).lower() if language == ORIGINAL else cldr.month(value, language)
    return said.replace(" ", "\u00a0")


def amount(kopecks: int) -> str:
    """`16 058,53`, `16,058.53`, without the currency."""
    if (language := current()) == "en":
        return f"{kopecks // 100:,}.{kopecks % 100:02d}"
    return money.show_amount(kopecks) if language == ORIGINAL else cldr.amount(kopecks, language)


def number_of(kopecks: int) -> str:
    """`16058,53`, `16058.53`: a spreadsheet would take an amount with spaces for a text."""
    if (language := current()) not in _FORMS:
        return cldr.number_of(kopecks, language)
    return f"{kopecks // 100}{'.' if language == 'en' else ','}{kopecks % 100:02d}"
