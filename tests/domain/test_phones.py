from __future__ import annotations

import pytest

from domain.phones import mask_phone, read_phone, show_phone


@pytest.mark.parametrize(
    "text",
    [
        "+79123456789", "89123456789", "79123456789", "9123456789", "8 (912) 345-67-89", " +7 912 345 67 89 ",
        "8.912.345.67.89", "8–912–345—67−89", "＋７９１２３４５６７８９", "+7\u00a0912\u202f345-67-89",
    ],
)  # fmt: skip
def test_one_number_in_many_forms(text: str) -> None:
    assert read_phone(text, ["RU"]) == "+79123456789"


@pytest.mark.parametrize(
    "text",
    [
        "", "+", "1", "912345678", "912345678901", "+7 495 123-45-67", "8 800 555-35-35", "+1 202 555 0123",
        "+375 29 123-45-67", "+7 701 234 56 78", "9123456789 доб. 1", "+7+9123456789", "٩١٢٣٤٥٦٧٨٩",
        "9" * 41, "+79123456789\0", "tel:+79123456789", "912345678O",
    ],
)  # fmt: skip
def test_what_gets_no_message(text: str) -> None:
    assert read_phone(text, ["RU"]) is None


def test_further_countries_are_the_operators_choice() -> None:
    assert read_phone("+375 29 123-45-67", ["RU", "BY"]) == "+375291234567"


def test_masked_and_shown() -> None:
    assert mask_phone("+79123456789") == "+7 912 ···-··-89"
    assert show_phone("+79123456789") == "+7 912 345-67-89"
