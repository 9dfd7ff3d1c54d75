from __future__ import annotations

import time
from datetime import date

import pytest

from domain.values.people import (
    clean_text,
    fold_email,
    is_no_day,
    mask_email,
    read_birth_date,
    read_email,
    read_name,
    with_capitals,
)

TODAY = date(2036, 9, 15)


@pytest.mark.parametrize(
    "name",
    [
        "Анна", "Анна-Мария", "О'Нил", "Nguyễn Thị", "д’Артаньян", "Ли", "Карл Мл.", "А.", "А. С.", "Иван А.", "Б. Ли",
        "Ахмед оглы", "Салтыков-Щедрин", "Салтыков - Щедрин", "Niccolo'", "Мамед Гасан кызы", "Oʼzbek",
    ],
)  # fmt: skip
def test_names(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Мария", "Мария Иванова", "Анна-Мария", "Салтыков-Щедрин", "д’Артаньян", "О’Нил", "Ахмед оглы", "Ли", "Ван",
        "Мамед Гасан кызы", "Гасан-оглы", "фон Браун", "де ла Крус", "Нур-эль-Дин", "Niccolo'", "А. С.", "Карл Мл.",
    ],
)  # fmt: skip
def test_a_name_in_small_letters_or_in_capitals_gets_its_own(name: str) -> None:
    assert with_capitals(name.lower()) == with_capitals(name.upper()) == with_capitals(name) == name


@pytest.mark.parametrize("name", ["МакКормик", "Иван дер Вейден", "McDonald", "Анна мария", "ДеВито", ""])
def test_a_name_with_capitals_and_small_letters_is_left_as_it_is(name: str) -> None:
    assert with_capitals(name) == name


# What a mail program may turn into a link, or a browser into an address.
LINKS = [
    "http://evil.example", "https://evil.example/x", "evil.com", "evil.com.", "www.evil.com", "t.me", "t.me/x", "я.рф",
    "evil.example Анна", "Анна evil.com", "Анна. evil.com", "a.b.c", "e.v.i.l.c.o.m", "А.evil", "мой.сайт", "evil。com",
    "evil．com", "evil․com", "mailto:a@b.ru", "a@b.ru", "//evil", "evil/x", "evil:80", "[evil]", "<evil>", "tel:112",
    "evil\u2024com", "⒈com", "evil..com", "evil.", "evil .com", "http evil.ru", "xn--80ak6aa92e.com",
    "1.1.1.1",
]  # fmt: skip


def test_initials_written_together_are_parted() -> None:
    assert read_name("А.С.") == "А. С."
    assert read_name("А.С. Пушкин") == "А. С. Пушкин"


@pytest.mark.parametrize("name", ["4нна", "Анна1", "<b>", "Анна😀", "-", "Анна--", "a@b", "Щ" * 101, "Анна;", *LINKS])
def test_what_is_no_name(name: str) -> None:
    assert read_name(name) is None


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert clean_text("\u202eИ\0ван\u200f \u200b ov\r\nx\u00ad") == "Иван ov x"
    assert read_name("И\u0306ван") == "Йван"  # composed


@pytest.mark.parametrize(
    "text", ["05.03.1984", "5/3/1984", "05-03-1984", "1984-03-05", "05031984", "5 3 1984", "０５．０３．１９８４"]
)
def test_one_date_in_many_forms(text: str) -> None:
    assert read_birth_date(text, TODAY) == date(1984, 3, 5)


@pytest.mark.parametrize(
    "text", ["", "31.02.1990", "15.09.2036", "01.01.1915", "00.01.1990", "1.13.1990", "5.3.84", "завтра"]
)
def test_what_is_no_birth_date(text: str) -> None:
    assert read_birth_date(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "no_day"),
    [
        ("31.02.1950", True), ("29.02.1951", True), ("1950-02-31", True), ("00.01.1990", True), ("03/31/1984", True),
        ("завтра", False), ("15.09.2036", False), ("5.3.84", False), ("29.02.1952", False), ("1" * 200, False),
    ],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_told_from_what_is_no_date(text: str, no_day: bool) -> None:
    assert is_no_day(text) is no_day


def test_addresses_have_one_form() -> None:
    assert read_email("  Ivanova@EXAMPLE.org ") == "Ivanova@example.org"
    assert fold_email("Ivanova@example.org") == fold_email("IVANOVA@example.org")
    assert mask_email("ivanova@example.org") == "i···a@example.org"
    assert mask_email("i@example.org") == "i···@example.org"


def test_a_domain_of_other_letters_stays_its_own() -> None:
    """IDNA 2008: `straße.de` and `strasse.de` are two domains."""
    assert read_email("anna@Straße.de") == "anna@straße.de"
    assert fold_email("anna@straße.de") != fold_email("anna@strasse.de")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a@",
        "@b.ru",
        "a b@c.ru",
        "a@b..ru",
        "a@b.ru, c@d.ru",
        "a@b.ru\nBcc: c@d.ru",
        "a" * 70 + "@b.ru",
        "a\0@b.ru",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert read_email(text) is None


@pytest.mark.parametrize("text", ["a" * 60_000, "a@" + "b." * 30_000, "@" * 60_000, '"' * 60_000, "a@[" + "1" * 60_000])
def test_a_long_text_is_read_quickly(text: str) -> None:
    began = time.perf_counter()
    for read in (read_email, read_name, clean_text):
        read(text)
    read_birth_date(text, TODAY)
    assert time.perf_counter() - began < 1
