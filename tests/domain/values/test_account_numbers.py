from __future__ import annotations

import pytest

from domain.values.account_numbers import read_account_number, read_typed_account_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7000000111", "7000000111"), ("7000 000-111", "7000000111"), ("№ 7000000111", "7000000111"),
        ("０07", "007"), ("аб-12/3", "АБ12/3"), (" 1 ", "1"), ("x" * 40, "X" * 40),
    ],
)  # fmt: skip
def test_as_they_are_printed_on_bills(text: str, number: str) -> None:
    assert read_account_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "7000000111", "л/с 7000000111", "лс7000000111", "№ 7000000111", "лицевой счет: 7000000111", "Л/С №7000000111",
        "Лицевой счёт 7000-000-111", "лиц. сч. 7000000111", "л.с.7000000111", "лc 7000000111", "N 7000000111",
        "номер лицевого счета — 7000000111", "7000000111 (л/с)", "Account no. 7000000111", "ЛС: ７０００000111",
    ],
)  # fmt: skip
def test_what_stands_around_a_typed_number_is_no_part_of_it(text: str) -> None:
    assert read_typed_account_number(text) == "7000000111"


@pytest.mark.parametrize(
    ("text", "number"),
    [("N700", "N700"), ("лст-12", "ЛСТ12"), ("аб-12/3", "АБ12/3"), ("п/с 12", "П/С12"), ("007", "007")],
)
def test_letters_of_the_number_itself_stay(text: str, number: str) -> None:
    assert read_typed_account_number(text) == number


@pytest.mark.parametrize("text", ["", "№", "л/с", "не знаю", "лицевой счет", "700;1", "x" * 40])
def test_what_cannot_be_meant_as_a_number(text: str) -> None:
    assert read_typed_account_number(text) is None


@pytest.mark.parametrize("text", ["", " ", "-", "x" * 41, "1;2", "1'", "%", "1\0", "<b>", "١٢"])
def test_what_is_no_number(text: str) -> None:
    assert read_account_number(text) is None
