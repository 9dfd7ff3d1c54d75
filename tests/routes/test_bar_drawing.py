"""Where the bars of a year stand."""

from __future__ import annotations

from routes.bar_drawing import HEIGHT, MONTHS, STEP, Bar, bars
from tests.routes.profile.months import months


def test_the_highest_is_as_high_as_the_drawing_and_the_newest_is_last() -> None:
    drawn = bars([(period, 1000 - 50 * place) for place, period in enumerate(months("2036-08", 12))])
    assert [bar.x for bar in drawn] == [place * STEP + 3 for place in range(MONTHS)]
    assert drawn[-1] == Bar((MONTHS - 1) * STEP + 3, 0, HEIGHT)
    assert [bar.height for bar in drawn] == sorted(bar.height for bar in drawn)
    assert all(bar.y + bar.height == HEIGHT for bar in drawn)


def test_a_month_without_a_bill_leaves_its_place_empty() -> None:
    drawn = bars([("2036-08", 100), ("2036-05", 50), ("2035-09", 100), ("2035-08", 100)])
    assert [bar.x // STEP for bar in drawn] == [0, 8, 11]


def test_a_bill_of_nothing_is_seen() -> None:
    assert {bar.height for bar in bars([(period, 0) for period in months("2036-08", 12)])} == {2}
    assert bars([("2036-08", 10**12), ("2036-07", 1)])[0].height == 2
