from __future__ import annotations

import pytest

from domain.values.money import read_amount, show_amount


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [
        ("1234,56", 123456), ("1234.56", 123456), ("1 234,56", 123456), ("1\u00a0234,56", 123456),
        ("1'234.56", 123456), ("1.234,56", 123456), ("1,234.56", 123456), ("1234.5", 123450), ("1234", 123400),
        ("0", 0), ("0,01", 1), ("1234,56 ₽", 123456), ("1234,56 руб.", 123456), ("１２３４，５６", 123456),
        ("9999999999,99", 999999999999),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(text: str, kopecks: int) -> None:
    assert read_amount(text) == kopecks


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "−1", "+1", "1e3", "1,234", "1.234.56", "1,2,3", "1,", ",5", "0x10", "abc", "∞", "NaN", "١٢٣٤",
        "12345678901", "1234,567", "1_000", "½", "1\0",
    ],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize("kopecks", [0, 1, 99, 100, 123456, 999999999999])
def test_what_is_shown_is_read_back(kopecks: int) -> None:
    assert read_amount(show_amount(kopecks)) == kopecks
