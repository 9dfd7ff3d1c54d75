"""Columns of a chart stay inside it, one above the other, and few beside many are seen."""

from __future__ import annotations

import pytest

from routes.charts import HEIGHT, WIDTH, parts


@pytest.mark.parametrize(
    "series", [[[]], [[0, 0]], [[1], [0]], [[10**9, 1], [3, 0]], [[1] * 800, [1] * 800], [[500], [1], [1], [1]]]
)
def test_columns_stay_inside(series: list[list[int]]) -> None:
    drawn = parts(series)
    assert len(drawn) == sum(1 for counts in series for count in counts if count)
    for part in drawn:
        assert 0 <= part.x <= part.x + part.width <= WIDTH
        assert 0 <= part.y < part.y + part.height <= HEIGHT


def test_the_highest_column_fills_the_drawing() -> None:
    drawn = parts([[5, 1], [5, 0]])
    assert [(part.series, part.y, part.height) for part in drawn] == [(0, 48, 48), (1, 0, 48), (0, 86, 10)]
