"""What is measured, as a table and as JSON."""

from __future__ import annotations

import statistics
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scale:
    """How much is done: `seconds` a round, `rounds` of portal and reference by turns, rows of what is filled."""

    seconds: float = 4.0
    rounds: int = 5
    starts: int = 7
    messages: int = 40
    customers: int = 1_000_000
    rows: int = 1_000_000
    mode: str = "production"


QUICK = Scale(seconds=1.0, rounds=3, starts=3, messages=10, customers=20_000, rows=20_000)
TINY = Scale(seconds=0.05, rounds=1, starts=1, messages=2, customers=1_500, rows=500)


@dataclass(frozen=True)
class Figure:
    """The portal's value beside the reference's, in `unit`; of several rounds the medians, and of their ratios."""

    name: str
    title: str
    unit: str
    portal: float
    reference_name: str = ""
    reference: float | None = None
    ratio: float | None = None
    # What is asked for, such as "≤ 3"; it decides nothing here.
    wanted: str = ""
    rounds: Sequence[tuple[float, float]] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def compared(
    name: str, title: str, unit: str, reference_name: str, rounds: Sequence[tuple[float, float]], wanted: str = ""
) -> Figure:
    """Of rounds of (portal, reference). The ratio is the median of each round's: noise that lasts hits both of it."""
    portal, reference = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratio = statistics.median(of_portal / of_reference for of_portal, of_reference in rounds)
    return Figure(name, title, unit, portal, reference_name, reference, ratio, wanted, rounds)


async def by_turns(
    rounds: int, portal: Callable[[], Awaitable[float]], reference: Callable[[], Awaitable[float]]
) -> list[tuple[float, float]]:
    """Both `rounds` times, the one and the other first; a first round of each is for warming up only."""
    await portal()
    await reference()
    found = []
    for number in range(rounds):
        if number % 2:
            second, first = await reference(), await portal()
        else:
            first, second = await portal(), await reference()
        found.append((first, second))
    return found


def table(figures: Sequence[Figure]) -> str:
    """Markdown, so that it can go into a document as it is."""
    rows: list[Sequence[str]] = [("figure", "unit", "portal", "reference", "", "ratio", "wanted"), ("---",) * 7]
    for one in figures:
        reference = "" if one.reference is None else _number(one.reference)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        rows.append((one.title, one.unit, _number(one.portal), reference, one.reference_name, ratio, one.wanted))
    return table_of(rows)


def table_of(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def progress(text: str) -> None:
    """For whoever waits: what is on stdout is the table alone."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a script


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _width(text: str) -> int:
    return sum(not unicodedata.combining(sign) for sign in text)
