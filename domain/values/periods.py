"""Billing periods: a month, stored as `2026-08`."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_MONTHS = (
    "Январь", "Февраль", "Март", "Апрель", "Май", "Июнь",
    "Июль", "Август", "Сентябрь", "Октябрь", "Ноябрь", "Декабрь",
)  # fmt: skip


def read_period(text: str) -> str | None:
    """`2026-08` from `2026-08` or `08.2026`, or None."""
    text = unicodedata.normalize("NFKC", text).strip()
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})", text):
        year, month = match.groups()
    elif match := re.fullmatch(r"(\d{1,2})[./](\d{4})", text):
        month, year = match.groups()
    else:
        return None
    return f"{int(year)}-{int(month):02d}" if 1 <= int(month) <= 12 and 1990 <= int(year) <= 2100 else None


def latest_period(today: date) -> str:
    """The month after the one of `today`: a bill may be issued for it, but for no later one."""
    year, month = divmod(today.year * 12 + today.month, 12)
    return f"{year}-{month + 1:02d}"


def show_period(period: str) -> str:
    """`Август 2026`."""
    return f"{_MONTHS[int(period[5:]) - 1]} {period[:4]}"
