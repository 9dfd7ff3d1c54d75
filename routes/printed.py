"""Times, periods and amounts as each language prints them."""

from __future__ import annotations

from datetime import datetime

from domain import money, periods
from routes.catalogue import current

_OF_MONTH = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


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


def amount(kopecks: int) -> str:
    """`16 058,53`, `16,058.53`, without the currency."""
    if current() == "en":
        return f"{kopecks // 100:,}.{kopecks % 100:02d}"
    return money.show_amount(kopecks)
