from __future__ import annotations

import pytest

from domain.values.money import read_amount, read_typed_amount, show_amount


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


@pytest.mark.parametrize(
    "text",
    [
        "2293 руб 17 коп", "2293-17", "2293=17", "2 293,17 ₽", "2293,17р.", "2293 руб. 17 коп.", "2293р17к", "2293р 17",
        "2293–17", "2 293-17", "2293 17", "2 293 17", "₽ 2293,17", "Итого: 2293,17 руб.", "к оплате 2293.17",
        "2293 рубля, 17 копеек", "２２９３－１７",
    ],
)  # fmt: skip
def test_one_amount_as_it_is_written_by_hand(text: str) -> None:
    assert read_typed_amount(text) == 229317


def test_kopecks_in_words_may_be_one_digit() -> None:
    assert read_typed_amount("2293 руб 5 коп") == 229305
    assert read_typed_amount("2293р.") == 229300


@pytest.mark.parametrize(
    "text", ["2293-1", "2293-175", "2293--17", "2293,5-17", "12-34-56", "2293 руб 117 коп", "17 коп"]
)
def test_what_is_not_guessed_at(text: str) -> None:
    assert read_typed_amount(text) is None


@pytest.mark.parametrize("text", ["2293-17", "2293=17", "09-25"])
def test_a_registry_writes_amounts_in_one_way(text: str) -> None:
    """A cell that is none, such as a date in the wrong column, stops the import."""
    assert read_amount(text) is None


@pytest.mark.parametrize("kopecks", [0, 1, 99, 100, 123456, 999999999999])
def test_what_is_shown_is_read_back(kopecks: int) -> None:
    assert read_amount(show_amount(kopecks)) == kopecks
