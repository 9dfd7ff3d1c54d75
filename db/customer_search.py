"""Finds customers for the staff: by what names one of them exactly, never a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, places

# An account with more customers than this is no household's.
_MOST = 20


class FoundRow(TypedDict):
    id: int


class AccountHolderRow(TypedDict):
    """A customer of an account, and since when."""

    id: int
    last_name: str
    first_name: str
    patronymic: str
    imported: bool
    attached_at: datetime


async def by_account(numbers: Sequence[str]) -> Sequence[FoundRow]:
    """Everybody who has an account with one of these numbers, one that is absent too."""
    return await fetch(
        FoundRow,
        "SELECT customer_accounts.customer AS id FROM accounts"
        " JOIN customer_accounts ON customer_accounts.account = accounts.id"
        f" WHERE accounts.number IN ({places(numbers)}) ORDER BY customer_accounts.id LIMIT {_MOST}",
        *numbers,
    )


async def by_card(number_hashes: Sequence[str]) -> Sequence[FoundRow]:
    """Who has proved to be the card's holder, and who has the phone that it is bound to."""
    card = f"cards.number_hash IN ({places(number_hashes)})"
    return await fetch(
        FoundRow,
        "SELECT customer_holders.customer AS id FROM cards"
        f" JOIN customer_holders ON customer_holders.holder_id = cards.holder_id WHERE {card}"
        " UNION SELECT customers.id FROM cards"
        f" JOIN customers ON customers.phone_hash = cards.phone_hash WHERE {card}",
        *number_hashes, *number_hashes,
    )  # fmt: skip


async def attached_to(account: int) -> Sequence[AccountHolderRow]:
    """Every customer of an account, in the order in which they have added it."""
    return await fetch(
        AccountHolderRow,
        "SELECT customers.id, customers.last_name, customers.first_name, customers.patronymic, customers.imported,"
        " customer_accounts.attached_at FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer"
        " WHERE customer_accounts.account = {} ORDER BY customer_accounts.id LIMIT 50",
        account,
    )
