"""What a signed-in customer sees of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from db import cards, customers, registry
from domain.proofs.bill_proof import offered_periods
from domain.scope import Scope


@dataclass(frozen=True)
class AttachedAccount:
    """`bills` are (period, kopecks), newest first; `shared` where another customer has the account too."""

    id: int
    number: str
    address: str
    bills: list[tuple[str, int]]
    shared: bool


@dataclass(frozen=True)
class Profile:
    """Phone E.164, e-mail in the clear: for the owner's eyes only. `cards` are last four digits.

    `name` is the login of a customer who registered by card.
    """

    name: str
    phone: str
    email: str
    email_confirmed: bool
    accounts: list[AttachedAccount]
    cards: list[str]


async def of(scope: Scope, customer: int) -> Profile | None:
    row = await customers.get(customer)
    if row is None:
        return None
    accounts = await registry.accounts_of(customer)
    bills = await registry.bills_of([a["id"] for a in accounts], await offered_periods(scope))
    return Profile(
        name=" ".join(part for part in (row["first_name"], row["patronymic"], row["last_name"]) if part)
        or row["login"],
        phone=scope.unseal(row["phone_sealed"]),
        email=scope.unseal(row["email_sealed"]) if row["email_sealed"] else "",
        email_confirmed=row["email_confirmed_at"] is not None,
        accounts=[
            AttachedAccount(
                account["id"],
                account["number"],
                account["address"],
                [(b["period"], b["amount_kopecks"]) for b in bills if b["account"] == account["id"]],
                account["sharers"] > 0,
            )
            for account in accounts
        ],
        cards=[card["last_four"] for card in await cards.of_customer(customer, row["phone_hash"])],
    )
