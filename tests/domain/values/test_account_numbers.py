from __future__ import annotations

import pytest

from domain.values.account_numbers import read_account_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7000000111", "7000000111"), ("7000 000-111", "7000000111"), ("№ 7000000111", "7000000111"),
        ("０07", "007"), ("аб-12/3", "АБ12/3"), (" 1 ", "1"), ("x" * 40, "X" * 40),
    ],
)  # fmt: skip
def test_as_they_are_printed_on_bills(text: str, number: str) -> None:
    assert read_account_number(text) == number


@pytest.mark.parametrize("text", ["", " ", "-", "x" * 41, "1;2", "1'", "%", "1\0", "<b>", "١٢"])
def test_what_is_no_number(text: str) -> None:
    assert read_account_number(text) is None
