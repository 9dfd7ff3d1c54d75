"""Proof by a bill: a person who knows its period, account number and amount has it in their hands.

Where amounts are alike or easily guessed, `KABINET_BILL_PROOF` asks for one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from db import registry
from db.registry import AccountRow, SampleRow
from domain import throttles
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import DAY, UNLIMITED, Limit
from domain.values.account_numbers import spellings
from domain.values.periods import latest_period

OFFERED_PERIODS = 3


@dataclass(frozen=True)
class Bill:
    """`period` is like `2026-08`, the number in the form of domain/values/account_numbers.py."""

    period: str
    account_number: str
    amount_kopecks: int


@dataclass(frozen=True)
class FurtherProof:
    """What `KABINET_BILL_PROOF` asks for in addition: a second bill's period and amount, or a birth date (ISO)."""

    period: str = ""
    amount_kopecks: int = 0
    birth_date: str = ""


async def offered_periods(scope: Scope) -> list[str]:
    """The periods that the forms offer, newest first; a bill of another period proves nothing.

    None is later than the next month, even if the registry has later bills.
    """
    return await registry.newest_periods(OFFERED_PERIODS, latest_of(scope))


def latest_of(scope: Scope) -> str:
    """The last period that a bill may be of now: what the registry has beyond it is a mistake, and shown nowhere."""
    return latest_period(scope.now.astimezone(scope.settings.zone).date())


async def sample(scope: Scope, accounts: int) -> Sequence[SampleRow]:
    """Some accounts with a bill of the newest period, for the page /dev."""
    periods = await offered_periods(scope)
    return await registry.sample(accounts, periods[0]) if periods else []


async def find_account(
    scope: Scope, phone: str, bill: Bill, further: FurtherProof | None = None
) -> AccountRow | list[Refused]:
    """The account that has this bill. Part of the caller's transaction.

    A miss is counted against the confirmed phone and against the account number; after the last one the customer is
    also told when the next will be judged. The number of different accounts that
    one phone asks about is limited too, whether or not the answers were right.
    """
    further = further or FurtherProof()
    if not await _is_offered(scope, bill, further):
        # Our forms do not send it. Nothing is counted, because nothing can be learned: the registry is not asked.
        return [Refused(Code.BILL_UNKNOWN)]
    limits = tries(scope, phone, bill.account_number)
    # Counted before it is judged, so that of many guesses at once only the allowed ones are judged.
    at = await throttles.claim(scope, [*limits, *await _new_account(scope, phone, bill.account_number)])
    if at is not None:
        return [Refused(Code.BILL_TOO_OFTEN, at=at)]
    account = await registry.find_account_by_bill(spellings(bill.account_number), bill.period, bill.amount_kopecks)
    # An amount of zero is easily guessed, so it proves nothing, even where the bill says zero.
    if account is None or bill.amount_kopecks <= 0 or not await _is_proved_further(scope, account, further):
        return await _missed(scope, limits)
    await throttles.give_back(scope, limits)
    return account


async def _missed(scope: Scope, limits: list[Limit]) -> list[Refused]:
    room = await throttles.room(scope, limits)
    missed = Refused(Code.BILL_UNKNOWN, left=room.left)
    return [missed] if room.left else [missed, Refused(Code.BILL_TOO_OFTEN, at=room.at)]


async def next_at(scope: Scope, phone: str) -> datetime:
    """When this phone may try again; `now` where it may already."""
    return await throttles.free_at(scope, [_of_phone(scope, phone)])


def tries(scope: Scope, phone: str, account_number: str) -> list[Limit]:
    return [
        _of_phone(scope, phone),
        Limit("bill-account-day", account_number, scope.settings.bill_tries_account_day, DAY),
    ]


def limits_of_phone(scope: Scope, phone: str) -> list[Limit]:
    """Wrong bills of a phone, and how many accounts it has asked about."""
    return [_of_phone(scope, phone), different_accounts(scope, phone, "")[1]]


def _of_phone(scope: Scope, phone: str) -> Limit:
    return Limit("bill-phone-day", phone, scope.settings.bill_tries_phone_day, DAY)


def different_accounts(scope: Scope, phone: str, account_number: str) -> tuple[Limit, Limit]:
    """Two counters: whether this phone has asked about this account today, and about how many accounts it has."""
    return (
        Limit("account-asked-day", f"{phone}\0{account_number}", UNLIMITED, DAY),
        Limit("accounts-phone-day", phone, scope.settings.bill_accounts_phone_day, DAY),
    )


async def _new_account(scope: Scope, phone: str, account_number: str) -> list[Limit]:
    """The limits to claim for an account that this phone has not asked about today; else none."""
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
            second = await registry.find_account_by_bill((account["number"],), further.period, further.amount_kopecks)
            return second is not None and further.amount_kopecks > 0
        case "birth-date":
            known = await registry.holders_birth_dates(account["id"])
            # Where the company has not named the account's holder, the amount alone is the proof.
            return not known or (further.birth_date != "" and date.fromisoformat(further.birth_date) in known)
        case "amount":
            return True
