"""A fictitious company, as the registry files it would export: rows by column, in the clear.

`litestar registry demo` imports them, /dev lists them as what to type. The same every time; an amount depends
on its account and month only, so a later run adds the months that have passed and changes none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date

_TOWN = "г. Светлоречинск"
_STREETS = (
    "ул. Липовая", "ул. Заречная", "пр-т Строителей", "ул. Ткацкая", "пер. Тихий", "наб. Лодочная", "ул. Якорная",
)  # fmt: skip
_HOUSES = 5
_FLATS = 14
_PLOTS = 10
_MONTHS = 3
_HOLDERS = 32
# Every fourth holder has a second card: 40 cards.
_SECOND_CARD_EVERY = 4

Rows = list[dict[str, str]]


def accounts() -> Rows:
    """500 of them: flats along the streets, then garden plots."""
    addresses = [
        f"{_TOWN}, {street}, д. {3 + 4 * house}{'А' if house == 2 else ''}, кв. {1 + 5 * flat}"
        for street in _STREETS
        for house in range(_HOUSES)
        for flat in range(_FLATS)
    ] + [f"{_TOWN}, СНТ «Березка», участок {plot}" for plot in range(1, _PLOTS + 1)]
    return [
        {"account_number": str(7_000_000_111 + 7 * place), "address": address}
        for place, address in enumerate(addresses)
    ]


def bills(today: date) -> Rows:
    """Three months for every account, the last of them being the month before `today`."""
    return [
        {"account_number": account["account_number"], "period": period, "amount": _amount(account, period)}
        for period in _periods(today)
        for account in accounts()
    ]


def cards() -> Rows:
    """40 cards of 32 holders; a holder's cards share login, e-mail and phone. The check digits are right."""
    rows: Rows = []
    for place in range(1, _HOLDERS + 1):
        holder = {
            "holder_id": f"H{place:04d}",
            "login": f"tk{1000 + place}",
            "email": f"holder{place}@example.org",
            "phone": f"+790000001{place:02d}",
        }
        for second in range(2 if place % _SECOND_CARD_EVERY == 0 else 1):
            rows.append({"card_number": _with_check_digit(f"9643900{second}0000{place:03d}"), **holder})
    return rows


def customers() -> Rows:
    """A few people taken over from an older system, who have not set a password yet."""
    people = (
        ("Лебедева", "Анна", "Сергеевна", "12.04.1986", "lebedeva@example.org"),
        ("Громов", "Петр", "Ильич", "03.11.1952", ""),
        ("Ким", "Виктория", "", "29.02.1996", "kim@example.org"),
        ("Соловьев-Дальний", "Егор", "Максимович", "", "egor@example.org"),
        ("Ахметова", "Гульнара", "Рашидовна", "17.07.1971", ""),
    )
    numbers = [account["account_number"] for account in accounts()]
    names = ("last_name", "first_name", "patronymic", "birth_date", "email")
    return [
        {
            "phone": f"+790000002{place:02d}",
            **dict(zip(names, person, strict=True)),
            # The second of them has two accounts.
            "account_numbers": "|".join(numbers[20 * place : 20 * place + (2 if place == 1 else 1)]),
        }
        for place, person in enumerate(people)
    ]


# The rows of every kind (domain/registry/kinds.py).
ROWS: Mapping[str, Callable[[date], Rows]] = {
    "accounts": lambda _today: accounts(),
    "bills": bills,
    "cards": lambda _today: cards(),
    "customers": lambda _today: customers(),
}


def _periods(today: date) -> list[str]:
    months = today.year * 12 + today.month - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(months - _MONTHS, months)]


def _amount(account: dict[str, str], period: str) -> str:
    # Not a secret: it has to come out the same on every machine (seeded with a text, it does).
    kopecks = random.Random(f"{account['account_number']} {period}").randrange(350_00, 9_800_00)  # noqa: S311
    return f"{kopecks // 100},{kopecks % 100:02d}"


def _with_check_digit(digits: str) -> str:
    """ISO/IEC 7812-1, annex B (Luhn)."""
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(digits))]
    return digits + str(-sum(d // 10 + d % 10 for d in doubled) % 10)
