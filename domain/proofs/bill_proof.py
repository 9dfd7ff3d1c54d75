"""A person who knows period, account number and amount of a recent bill has it in their hands.

Where amounts are alike or easily guessed, `KABINET_BILL_PROOF` asks for one thing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from db import registry
from db.registry import AccountRow, SampleRow
from domain import throttles
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import DAY, UNLIMITED, Limit
from domain.values.periods import latest_period

OFFERED_PERIODS = 3


@dataclass(frozen=True)
class Bill:
    """`period` as `2026-08`, the number as domain/values/account_numbers.py reads it."""

    period: str
    account_number: str
    amount_kopecks: int


@dataclass(frozen=True)
class FurtherProof:
    """What `KABINET_BILL_PROOF` asks for besides: a second bill's period and amount, or a birth date (ISO)."""

    period: str = ""
    amount_kopecks: int = 0
    birth_date: str = ""


async def offered_periods(scope: Scope) -> list[str]:
    """The periods of which a bill proves anything, newest first: the forms offer them and no other is taken.

    None lies beyond the next month, whatever the registry holds.
    """
    latest = latest_period(scope.now.astimezone(scope.settings.zone).date())
    return await registry.newest_periods(OFFERED_PERIODS, latest)


async def sample(scope: Scope, accounts: int) -> Sequence[SampleRow]:
    """Some accounts with a bill of the newest period, for a developer who tries the portal out."""
    periods = await offered_periods(scope)
    return await registry.sample(accounts, periods[0]) if periods else []


async def find_account(
    scope: Scope, phone: str, bill: Bill, further: FurtherProof | None = None
) -> AccountRow | Refused:
    """The account that has this bill. Part of the caller's transaction.

    A miss is counted against the confirmed phone and against the account number. However many answers were right,
    no more than so many different accounts are looked for by one phone.
    """
    further = further or FurtherProof()
    if not await _is_offered(scope, bill, further):
        # No form of ours sends it. The registry is not asked, so nothing can be learned, and nothing is counted.
        return Refused(Code.BILL_UNKNOWN)
    limits = tries(scope, phone, bill.account_number)
    # Counted before it is judged, so that a hundred guesses at once are not judged all.
    at = await throttles.claim(scope, [*limits, *await _new_account(scope, phone, bill.account_number)])
    if at is not None:
        return Refused(Code.BILL_TOO_OFTEN, at=at)
    account = await registry.find_account_by_bill(bill.account_number, bill.period, bill.amount_kopecks)
    # Nothing to pay is no secret: it is a miss like any other, even where a bill says so.
    if account is None or bill.amount_kopecks <= 0 or not await _is_proved_further(scope, account, further):
        return Refused(Code.BILL_UNKNOWN)
    await throttles.give_back(scope, limits)
    return account


def tries(scope: Scope, phone: str, account_number: str) -> list[Limit]:
    return [
        Limit("bill-phone-day", phone, scope.settings.bill_tries_phone_day, DAY),
        Limit("bill-account-day", account_number, scope.settings.bill_tries_account_day, DAY),
    ]


def different_accounts(scope: Scope, phone: str, account_number: str) -> tuple[Limit, Limit]:
    """Whether this phone has asked about this account today, and about how many it has."""
    return (
        Limit("account-asked-day", f"{phone}\0{account_number}", UNLIMITED, DAY),
        Limit("accounts-phone-day", phone, scope.settings.bill_accounts_phone_day, DAY),
    )


async def _new_account(scope: Scope, phone: str, account_number: str) -> list[Limit]:
    """What is to be claimed for an account that this phone has not asked about today."""
    asked, accounts = different_accounts(scope, phone, account_number)
    return [] if await throttles.is_counted(scope, asked) else [asked, accounts]


async def _is_offered(scope: Scope, bill: Bill, further: FurtherProof) -> bool:
    offered = await offered_periods(scope)
    if scope.settings.bill_proof == "two-amounts" and (further.period not in offered or further.period == bill.period):
        return False
    return bill.period in offered


async def _is_proved_further(scope: Scope, account: AccountRow, further: FurtherProof) -> bool:
    match scope.settings.bill_proof:
        case "two-amounts":
            second = await registry.find_account_by_bill(account["number"], further.period, further.amount_kopecks)
            return second is not None and further.amount_kopecks > 0
        case "birth-date":
            known = await registry.holders_birth_dates(account["id"])
            # For an account whose holder the company has not named, the amount has to do.
            return not known or (further.birth_date != "" and date.fromisoformat(further.birth_date) in known)
        case "amount":
            return True
