"""Accounts of the registry that a connection request may mean."""

from __future__ import annotations

from collections.abc import Iterable

from db import registry
from db.registry import AccountRow
from domain.values.account_numbers import read_typed_account_number, spellings

# Longer numbers have more neighbours than one statement should ask for.
_LONGEST = 20


async def find(numbers: Iterable[str], address: str) -> list[AccountRow]:
    """Accounts with one of these numbers, a number that differs by one sign, or exactly this address."""
    wanted = [read for number in numbers if (read := read_typed_account_number(number))]
    found: dict[int, AccountRow] = {}
    for number in dict.fromkeys(wanted):
        for row in await registry.accounts_with_numbers([*spellings(number), *neighbours(number)]):
            found[row["id"]] = row
    for row in await registry.accounts_at(" ".join(address.split())) if address.strip() else ():
        found[row["id"]] = row
    return list(found.values())


async def chosen(account: int, typed: str) -> AccountRow | None:
    """The account with the typed number; where none was typed, the one chosen by its id."""
    if not typed.strip():
        return await registry.account(account)
    number = read_typed_account_number(typed)
    rows = await registry.accounts_with_numbers(spellings(number)) if number else []
    return rows[0] if rows else None


def neighbours(number: str) -> list[str]:
    """Numbers with one digit other, missing or too many, or two neighbouring digits exchanged."""
    if len(number) > _LONGEST:
        return []
    cuts = [(number[:place], number[place:]) for place in range(len(number) + 1)]
    others = {f"{left}{digit}{right[1:]}" for left, right in cuts if right for digit in "0123456789"}
    missing = {f"{left}{right[1:]}" for left, right in cuts if right}
    further = {f"{left}{digit}{right}" for left, right in cuts for digit in "0123456789"}
    exchanged = {f"{left}{right[1]}{right[0]}{right[2:]}" for left, right in cuts if len(right) > 1}
    return sorted((others | missing | further | exchanged) - {number, ""})
