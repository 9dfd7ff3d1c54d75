from __future__ import annotations

import pytest

from domain.values.periods import read_period, show_period


@pytest.mark.parametrize("text", ["2036-08", "2036-8", "08.2036", "8/2036", " 2036-08 ", "２０３６-０８", "٢٠٣٦-٠٨"])
def test_one_form_is_kept(text: str) -> None:
    assert read_period(text) == "2036-08"


@pytest.mark.parametrize(
    "text", ["", "2036", "2036-13", "2036-00", "1989-01", "2101-01", "2036-08-01", "август", "2036-08\0"]
)
def test_what_is_no_period(text: str) -> None:
    assert read_period(text) is None


def test_it_is_shown_with_its_name() -> None:
    assert show_period("2036-08") == "Август 2036"
