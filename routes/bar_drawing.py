"""Bills as a row of bars: where each stands in the drawing of templates/partials/profile/year.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The drawing is as wide as twelve steps.
MONTHS, STEP, WIDTH, HEIGHT = 12, 20, 14, 72
# So that a bill of nothing is seen to be there.
_LEAST = 2


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int


def bars(bills: Sequence[tuple[str, int]]) -> list[Bar]:
    """A bar for each of `bills` (period, kopecks; newest first) of the year that the newest ends, oldest first.

    The highest amount is as high as the drawing. A month without a bill leaves its place empty.
    """
    last = _month(bills[0][0])
    shown = [(MONTHS - 1 - last + _month(period), kopecks) for period, kopecks in reversed(bills)]
    highest = max(kopecks for _, kopecks in bills) or 1
    heights = [(place, max(_LEAST, round(kopecks * HEIGHT / highest))) for place, kopecks in shown if place >= 0]
    return [Bar(place * STEP + (STEP - WIDTH) // 2, HEIGHT - height, height) for place, height in heights]


def _month(period: str) -> int:
    return int(period[:4]) * 12 + int(period[5:])
