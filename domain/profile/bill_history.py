"""Every bill that the registry has of one of the customer's accounts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from db import registry
from db.registry import AttachedAccountRow
from domain.profile import attached_accounts
from domain.proofs.bill_proof import latest_of
from domain.scope import Scope

# Before any period there can be.
_FIRST = "0000-00"


@dataclass(frozen=True)
class Year:
    """`bills` are (period, kopecks), newest first."""

    number: str
    bills: list[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(kopecks for _, kopecks in self.bills)


@dataclass(frozen=True)
class History:
    """`bills` are (period, kopecks), newest first."""

    account: AttachedAccountRow
    bills: list[tuple[str, int]]

    @property
    def years(self) -> list[Year]:
        return [Year(number, list(bills)) for number, bills in groupby(self.bills, key=lambda bill: bill[0][:4])]


async def of(scope: Scope, customer: int, account: int) -> History | None:
    """None where the account is not attached to this customer."""
    own = await attached_accounts.own(customer, account)
    if own is None:
        return None
    bills = await registry.bills_of([account], [_FIRST, latest_of(scope)])
    return History(own, [(bill["period"], bill["amount_kopecks"]) for bill in bills])
