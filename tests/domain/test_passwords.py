from __future__ import annotations

import asyncio
import time

import pytest

from domain.passwords import Hasher, broken_rules, password_rules

ABOUT = ("+79123456789", "Иванова", "Анна", "", "ivanova@example.org")


def _broken(password: str, needs: tuple[str, ...] = ()) -> list[str]:
    return broken_rules(password, shortest=10, longest=128, needs=needs, about=ABOUT)


@pytest.mark.parametrize("password", ["зимний вечер у реки", "x9!kd#2pQz", "щедрый кот и 7 мышей " * 6])
def test_good_ones(password: str) -> None:
    assert _broken(password) == []


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("", ["length", "common", "personal"]),
        ("короткий9", ["length"]),
        ("щедрый кот и 7 мышей " * 7, ["length"]),
        ("1234567890", ["common"]),
        ("0987654321", ["common"]),
        ("qwertyuiop", ["common"]),
        ("йцукенгшщз", ["common"]),
        ("QWERTYUIOP", ["common"]),
        ("аааааааааааа", ["common"]),
        ("абвабвабвабв", ["common"]),
        ("моя 8-912-345-67-89", ["personal"]),
        ("Иванова 2036!", ["personal"]),
        ("ivanova-у-реки", ["personal"]),
    ],
)
def test_what_breaks_which_rule(password: str, broken: list[str]) -> None:
    assert _broken(password) == broken


def test_an_operators_rules_stand_in_their_order() -> None:
    needs = ("upper", "digit", "symbol")
    assert password_rules(needs) == ["length", "upper", "digit", "symbol", "common", "personal"]
    assert _broken("зимний вечер", needs) == ["upper", "digit", "symbol"]
    assert _broken("Зимний вечер 7!", needs) == []


def test_a_long_text_is_judged_quickly() -> None:
    began = time.perf_counter()
    _broken("щ" * 60_000)
    assert time.perf_counter() - began < 1


async def test_hashes_are_salted_and_verified(dear_passwords: None) -> None:
    hasher = Hasher()
    first, second = await asyncio.gather(hasher.hash("зимний вечер"), hasher.hash("зимний вечер"))
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify(first, "зимний вечер")
    assert await hasher.verify(first, "зимнии\u0306 вечер")
    assert not await hasher.verify(first, "зимний вечер ")
    assert not await hasher.verify("nonsense", "зимний вечер")


async def test_nobody_costs_as_much_and_is_never_let_in() -> None:
    assert not await Hasher().verify(None, "nobody has this password")
