"""What the staff see of one customer. Each look is in both journals, in the transaction that reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import cards, customer_search, customers, outbox, registry
from db import sessions as session_rows
from db.customer_search import AccountHolderRow
from db.customers import CustomerRow
from db.engine import transaction
from db.journal import JournalRow
from db.outbox import SentRow
from db.registry import AttachedAccountRow
from domain import journal as journal_of_customers
from domain.profile import attached_accounts
from domain.profile.devices import Device, describe
from domain.proofs import email_confirmation
from domain.refusals import SessionExpired
from domain.scope import Scope
from domain.staff import customers as opened_customers
from domain.staff import journal, locks
from domain.staff.locks import Lock
from domain.values.people import short_name

_ENTRIES, _MESSAGES = 15, 20
_MESSAGES_OF = timedelta(days=7)


@dataclass(frozen=True)
class Card:
    """`shown` where nothing is masked; else `name` is a short one, and the rest is to be masked."""

    id: int
    shown: bool
    reason: str
    name: str
    phone: str
    email: str
    email_confirmed: bool
    birth_date: str
    login: str
    has_password: bool
    imported: bool
    registered_at: datetime
    accounts: Sequence[AttachedAccountRow]
    cards: Sequence[str]
    devices: Sequence[Device]
    entries: Sequence[JournalRow]
    locks: Sequence[Lock]
    messages: Sequence[SentRow]
    # Where a letter to confirm the e-mail can be sent again.
    sends_again: bool


@dataclass(frozen=True)
class Holder:
    """Somebody who has an account; `name` is a short one unless the customer who was asked about is shown."""

    id: int
    name: str
    imported: bool
    attached_at: datetime


@dataclass(frozen=True)
class CardAccount:
    """One account of a customer, and everybody who has it."""

    customer: int
    shown: bool
    account: AttachedAccountRow
    holders: Sequence[Holder]


async def look(scope: Scope, customer: int, *, noted: bool = True) -> Card | SessionExpired | None:
    """None where the customer is not open to this person. `noted` is False for the answer to a refused form."""
    async with transaction():
        session = await opened_customers.lock_session(scope)
        if session is None:
            return SessionExpired()
        known = opened_customers.opened(scope, session, customer)
        row = await customers.get(customer) if known is not None else None
        if known is None or row is None:
            return None
        shown = known.is_shown(scope.now)
        card = await _card(scope, row, known.reason, shown=shown)
        if noted:
            subject = "not masked" if shown else "masked"
            await journal.note_look(
                scope, "customer-opened", session.staff, customer, subject=subject, reason=known.reason
            )
        return card


async def look_at_account(
    scope: Scope, customer: int, account: int, *, noted: bool = True
) -> CardAccount | SessionExpired | None:
    """«Кто добавил мой счет?»: a look at everybody who has it, and each of them reads of it."""
    async with transaction():
        session = await opened_customers.lock_session(scope)
        if session is None:
            return SessionExpired()
        known = opened_customers.opened(scope, session, customer)
        found = await attached_accounts.own(customer, account) if known is not None else None
        if known is None or found is None:
            return None
        shown = known.is_shown(scope.now)
        rows = await customer_search.attached_to(account)
        if noted:
            await journal.note_looks(
                scope,
                "customer-account-opened",
                session.staff,
                [row["id"] for row in rows],
                subject=f"account {account}",
                reason=known.reason,
            )
        holders = [Holder(row["id"], _name(row, shown=shown), row["imported"], row["attached_at"]) for row in rows]
        return CardAccount(customer, shown, found, holders)


def _name(row: CustomerRow | AccountHolderRow, *, shown: bool) -> str:
    names = row["last_name"], row["first_name"], row["patronymic"]
    return " ".join(part for part in names if part) if shown else short_name(*names)


async def _card(scope: Scope, row: CustomerRow, reason: str, *, shown: bool) -> Card:
    phone = scope.unseal(row["phone_sealed"])
    devices = [
        Device(one["id"], *describe(one["user_agent"]), one["created_at"], one["seen_at"], this=False)
        for one in await session_rows.of_customer(row["id"], scope.now)
    ]
    return Card(
        id=row["id"],
        shown=shown,
        reason=reason,
        name=_name(row, shown=shown),
        phone=phone,
        email=scope.unseal(row["email_sealed"]) if row["email_sealed"] else "",
        email_confirmed=row["email_confirmed_at"] is not None,
        birth_date=f"{row['birth_date']:%d.%m.%Y}" if row["birth_date"] else "",
        login=row["login"],
        has_password=row["password_hash"] is not None,
        imported=row["imported"],
        registered_at=row["registered_at"],
        accounts=await registry.accounts_of(row["id"]),
        cards=[card["last_four"] for card in await cards.of_customer(row["id"], scope.phone_hashes(phone))],
        devices=devices,
        entries=await journal_of_customers.newest_of(row["id"], _ENTRIES),
        locks=await locks.of(scope, row),
        messages=await outbox.of_customer(row["id"], scope.now - _MESSAGES_OF, _MESSAGES),
        sends_again=email_confirmation.awaits_confirmation(row),
    )
