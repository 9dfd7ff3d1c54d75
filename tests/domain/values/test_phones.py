from __future__ import annotations

import re

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from domain.values.phones import is_foreign, mask_phone, read_phone, show_phone


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


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("+375 29 123-45-67", True), ("+1 202 555 0123", True), ("+380 44", True), ("+44 7400 123456", True),
        ("+7 701 234 56 78", True),
        ("+7 495 123-45-67", False), ("+7 912 345-67-89", False), ("1", False), ("привет", False), ("+9" * 100, False),
    ],
)  # fmt: skip
def test_a_number_of_another_country_is_told_from_what_is_none(text: str, foreign: bool) -> None:
    assert is_foreign(text, ["RU"]) is foreign


@pytest.mark.parametrize(
    ("phone", "shown", "masked"),
    [
        ("+79123456789", "+7 912 345-67-89", "+7 912 ···-··-89"),
        ("+375291234567", "+375 29 123-45-67", "+375 29 ···-··-67"),
        ("+77012345678", "+7 701 234 5678", "+7 701 ··· ··78"),
        ("+998901234567", "+998 90 123 45 67", "+998 90 ··· ·· 67"),
        ("+37491123456", "+374 91 123456", "+374 9· ····56"),
        ("+12025550123", "+1 202-555-0123", "+1 202-···-··23"),
        ("+447400123456", "+44 7400 123456", "+44 740· ····56"),
        ("+4532123456", "+45 32 12 34 56", "+45 3· ·· ·· 56"),
        ("+376312345", "+376 312 345", "+376 ··· ·45"),
    ],
)
def test_numbers_of_other_countries_are_written_as_theirs(phone: str, shown: str, masked: str) -> None:
    assert show_phone(phone) == shown
    assert mask_phone(phone) == masked


def test_of_no_country_a_mask_shows_too_much() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
        if example is None:
            continue
        phone = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        assert show_phone(phone).startswith(f"+{example.country_code} ")
        assert re.sub(r"[^+\d]", "", show_phone(phone)) == phone
        national = len(phone) - len(f"+{example.country_code}")
        assert mask_phone(phone).count("·") >= min(5, national - 2), phone
        assert mask_phone(phone).endswith(phone[-1])


def test_what_is_no_number_is_shown_as_it_is() -> None:
    assert show_phone("+0") == "+0"


def test_masked_and_shown() -> None:
    assert mask_phone("+79123456789") == "+7 912 ···-··-89"
    assert show_phone("+79123456789") == "+7 912 345-67-89"


def test_russian_mobile_numbers_are_written_as_the_library_writes_them() -> None:
    for phone in [f"+7{number}" for number in range(9_000_000_000, 10_000_000_000, 7_654_321)]:
        written = phonenumbers.format_number(phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert show_phone(phone) == written
