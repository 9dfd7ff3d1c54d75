"""Whoever knows period, account number and amount of a recent bill has it in their hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import registry
from domain import throttles
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.throttles import DAY, Limit


@dataclass(frozen=True)
class Bill:
    """`period` as `2026-08`, the number as domain/account_numbers.py reads it."""

    period: str
    account_number: str
    amount_kopecks: int


async def find_account(portal: Portal, phone: str, bill: Bill, now: datetime) -> dict[str, Any] | Refused:
    """The account (`id`, `number`, `address`) that has this bill. Part of the caller's transaction.

    A miss is counted against the confirmed phone and against the account number.
    """
    limits = [
        Limit("bill-phone-day", phone, portal.settings.bill_tries_phone_day, DAY),
        Limit("bill-account-day", bill.account_number, portal.settings.bill_tries_account_day, DAY),
    ]
    # Counted before it is judged, so that a hundred guesses at once are not judged all.
    at = await throttles.claim(portal, limits, now)
    if at is not None:
        return Refused(Code.BILL_TOO_OFTEN, at=at)
    account = await registry.find_account_by_bill(bill.account_number, bill.period, bill.amount_kopecks)
    if account is None:
        return Refused(Code.BILL_UNKNOWN)
    await throttles.give_back(portal, limits)
    return account
