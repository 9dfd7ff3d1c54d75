from __future__ import annotations

import pytest

from domain.values.card_numbers import read_card_number
from domain.values.typed_codes import read_code


@pytest.mark.parametrize(
    "text",
    [
        "934733", " 934 733 ", "934-733", "93 47 33", "９３４７３３", "Код 934733 для регистрации в личном кабинете.",
        "934733. Никому не сообщайте", "Код: 934-733", "Ваш код 934733, действует 10 минут",
        "Код 934733 на 10 мин", "9\u00a03\u00a04\u00a07\u00a03\u00a03",
    ],
)  # fmt: skip
def test_the_one_group_of_six_digits_is_the_code(text: str) -> None:
    assert read_code(text, 6) == "934733"


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "93473", "9347331", "93473б", "abcdef", "934733 934734", "934733934734", "код из смс", "٩٣٤٧٣٣",
        "93 47 33 1", "\u200b", "+7 912 345-67-89",
    ],
)  # fmt: skip
def test_what_is_not_judged(text: str) -> None:
    assert read_code(text, 6) is None


@pytest.mark.parametrize(("digits", "code"), [(4, "1234"), (5, "12345"), (10, "1234567890")])
def test_a_code_has_as_many_digits_as_the_setting_says(digits: int, code: str) -> None:
    assert read_code(f"Код {code}.", digits) == code
    assert read_code(f"Код {code}0.", digits) is None


@pytest.mark.parametrize(
    "text", ["9643900000000013", "9643 9000-0000 0013", "Номер карты: 9643 9000 0000 0013", "карта 9643900000000013"]
)
def test_the_label_of_a_card_number_is_no_part_of_it(text: str) -> None:
    assert read_card_number(text) == "9643900000000013"
