"""What a signed-in customer sees of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db import cards, customers, registry
from db.registry import AccountBillRow
from domain.proofs.bill_proof import latest_of
from domain.scope import Scope

# How many bills of an account the page of all accounts shows and draws: those of a year.
NEWEST = 12


@dataclass(frozen=True)
class AttachedAccount:
    """`bills` are (period, kopecks), newest first; `shared` where another customer has the account too."""

    id: int
    number: str
    address: str
    bills: list[tuple[str, int]]
    shared: bool


@dataclass(frozen=True)
class Person:
    """Phone E.164, e-mail in the clear: for the owner's eyes only. `login` is that of a customer with a card."""

    last_name: str
    first_name: str
    patronymic: str
    phone: str
    email: str
    email_confirmed: bool
    login: str

    @property
    def name(self) -> str:
        """Empty for a customer who registered by card and has not said it."""
        return " ".join(part for part in (self.first_name, self.patronymic, self.last_name) if part)


@dataclass(frozen=True)
class Profile:
    """`cards` are last four digits."""

    person: Person
    accounts: list[AttachedAccount]
    cards: list[str]


async def person_of(scope: Scope, customer: int) -> Person | None:
    row = await customers.get(customer)
    if row is None:
        return None
    return Person(
        last_name=row["last_name"],
        first_name=row["first_name"],
        patronymic=row["patronymic"],
        phone=scope.unseal(row["phone_sealed"]),
        email=scope.unseal(row["email_sealed"]) if row["email_sealed"] else "",
        email_confirmed=row["email_confirmed_at"] is not None,
        login=row["login"],
    )


async def cards_of(scope: Scope, customer: int) -> list[str]:
    """The last four digits of each card; none where the company has none."""
    row = await customers.get(customer)
    return await _cards_of(scope, customer, scope.unseal(row["phone_sealed"])) if row else []


async def _cards_of(scope: Scope, customer: int, phone: str) -> list[str]:
    if "card" not in scope.settings.tracks:
        return []
    return [card["last_four"] for card in await cards.of_customer(customer, scope.phone_hashes(phone))]


async def of(scope: Scope, customer: int) -> Profile | None:
    person = await person_of(scope, customer)
    if person is None:
        return None
    rows = await registry.accounts_with_bills(customer, latest_of(scope), NEWEST)
    return Profile(person, _accounts(rows), await _cards_of(scope, customer, person.phone))


def _accounts(rows: Sequence[AccountBillRow]) -> list[AttachedAccount]:
    accounts: dict[int, AttachedAccount] = {}
    for row in rows:
        new = AttachedAccount(row["id"], row["number"], row["address"], [], row["sharers"] > 0)
        account = accounts.setdefault(row["id"], new)
        if row["period"] is not None and row["amount_kopecks"] is not None:
            account.bills.append((row["period"], row["amount_kopecks"]))
    return list(accounts.values())
