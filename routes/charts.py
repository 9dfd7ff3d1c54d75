"""Counts as columns: where each stands in the drawing of templates/partials/staff/chart.html."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Of the whole drawing. Of each place so much is its column's, the rest parts it from the next one.
WIDTH, HEIGHT, FILLED = 480, 96, 0.75
# So that a few beside many are seen to be there.
_LEAST = 2


@dataclass(frozen=True)
class Part:
    """A rectangle of a column; `series` is the number of what it counts."""

    x: float
    y: int
    width: float
    height: int
    series: int


def parts(series: Iterable[Iterable[int]]) -> list[Part]:
    """A column for each place of the series, the first at its bottom. The highest column fills the drawing."""
    columns = list(zip(*series, strict=True))
    if not columns:
        return []
    step, highest = WIDTH / len(columns), max(map(sum, columns)) or 1
    drawn: list[Part] = []
    for place, counts in enumerate(columns):
        x, y = round(step * (place + (1 - FILLED) / 2), 2), HEIGHT
        for number, height in enumerate(_heights(counts, highest)):
            y -= height
            if height:
                drawn.append(Part(x, y, round(step * FILLED, 2), height, number))
    return drawn


def _heights(counts: Sequence[int], highest: int) -> list[int]:
    """What is rounded up beside much is taken from the highest of them."""
    heights = [max(_LEAST, round(count * HEIGHT / highest)) if count else 0 for count in counts]
    most = heights.index(max(heights))
    heights[most] -= max(0, sum(heights) - HEIGHT)
    return heights
