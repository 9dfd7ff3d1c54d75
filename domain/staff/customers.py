"""«Клиенты»: a customer is found by what names them exactly, and is then open to the person who has searched.

Nobody can go through the customers one by one: only those that were found are open, to this session alone and for a
while, with the reason that was given. Searches are counted for each person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from db import connection_requests, customer_search, customers
from db.customers import CustomerRow
from db.engine import transaction
from domain import throttles
from domain.profile.sent_requests import PHONE
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.staff import journal, sessions
from domain.staff.sessions import StaffSession
from domain.throttles import DAY, HOUR, Limit
from domain.values.account_numbers import read_typed_account_number, spellings
from domain.values.card_numbers import read_card_number
from domain.values.people import short_name
from domain.values.phones import read_phone

# Where the session keeps which customers are open.
_OPEN = "customers"
_OPEN_FOR, _SHOWN_FOR = timedelta(minutes=30), timedelta(minutes=10)
# The customers that were found last stay open, with those before them.
_MOST_OPEN = 20


@dataclass(frozen=True)
class Opened:
    """A customer who is open to this person: why, until when, and until when not masked (ISO, UTC)."""

    customer: int
    reason: str
    until: str
    shown_until: str = ""

    def holds(self, now: datetime) -> bool:
        return now < datetime.fromisoformat(self.until)

    def is_shown(self, now: datetime) -> bool:
        return bool(self.shown_until) and now < datetime.fromisoformat(self.shown_until)


@dataclass(frozen=True)
class Listed:
    """One of several customers that a search has found; `phone` is to be masked."""

    id: int
    name: str
    phone: str
    registered_at: datetime


async def search(scope: Scope, text: str, reason: str) -> list[int] | Refused | SessionExpired:
    """The customers that `text` names: a phone, an account number, a login, a card number or a request's number."""
    async with transaction():
        session = await lock_session(scope)
        if session is None:
            return SessionExpired()
        at = await throttles.claim(scope, limits(scope, session.staff))
        if at is not None:
            return Refused(Code.SEARCH_TOO_OFTEN, "search", at)
        found = await _find(scope, text)
        by = ", ".join(found) or "nothing found"
        people = list(dict.fromkeys(number for numbers in found.values() for number in numbers))
        until = (scope.now + _OPEN_FOR).isoformat()
        _save(scope, session, [Opened(number, reason, until) for number in people])
        await sessions.save(scope, session)
        only = people[0] if len(people) == 1 else None
        await journal.note(scope, "customers-searched", session.staff, customer=only, subject=f"by {by}", reason=reason)
        return people if people else Refused(Code.CUSTOMER_UNKNOWN, "search")


async def _find(scope: Scope, text: str) -> dict[str, list[int]]:
    """By each way to read the text, whom it names that way."""
    found: dict[str, list[int]] = {"phone": [], "login": [], "account": [], "card": [], "request": []}
    phone = read_phone(text, scope.settings.sms_countries)
    if phone is not None and (row := await customers.by_phone(scope.phone_hashes(phone))):
        found["phone"] = [row["id"]]
    if row := await customers.by_login(scope.login_hashes(text)):
        found["login"] = [row["id"]]
    if account := read_typed_account_number(text):
        found["account"] = [one["id"] for one in await customer_search.by_account(spellings(account))]
    if card := read_card_number(text):
        found["card"] = [one["id"] for one in await customer_search.by_card(scope.card_hashes(card))]
    found["request"] = await _of_request(scope, text.replace("№", "").strip())
    return {by: numbers for by, numbers in found.items() if numbers}


async def _of_request(scope: Scope, text: str) -> list[int]:
    """Whose request it is, or who has its phone by now."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return []
    row = await connection_requests.get(int(text))
    if row is None:
        return []
    if row["customer"] is not None:
        return [row["customer"]] if await customers.get(row["customer"]) is not None else []
    phone = read_phone(dict(scope.unseal(row["sealed"])).get(PHONE, ""), scope.settings.sms_countries)
    known = await customers.by_phone(scope.phone_hashes(phone)) if phone else None
    return [known["id"]] if known is not None else []


def limits(scope: Scope, person: int) -> list[Limit]:
    """Who finds many numbers in turn is asking whether they are customers."""
    settings = scope.settings
    return [
        Limit("staff-search-hour", str(person), settings.staff_searches_hour, HOUR),
        Limit("staff-search-day", str(person), settings.staff_searches_day, DAY),
    ]


async def listed(scope: Scope, session: StaffSession) -> list[Listed]:
    """Those that are open, the newest find first."""
    rows = [await customers.get(opened.customer) for opened in _opened(scope, session)]
    return [_listed(scope, row) for row in rows if row is not None]


def _listed(scope: Scope, row: CustomerRow) -> Listed:
    name = short_name(row["last_name"], row["first_name"], row["patronymic"])
    return Listed(row["id"], name, scope.unseal(row["phone_sealed"]), row["registered_at"])


async def unmask(scope: Scope, customer: int, reason: str) -> SessionExpired | None:
    """«Показать»: not masked for a while, with a reason of its own; nothing happens where the customer is not open."""
    async with transaction():
        session = await lock_session(scope)
        if session is None:
            return SessionExpired()
        known = opened(scope, session, customer)
        if known is not None:
            shown = replace(known, reason=reason, shown_until=(scope.now + _SHOWN_FOR).isoformat())
            _save(scope, session, [shown])
            await sessions.save(scope, session)
            await journal.note(scope, "customer-unmasked", session.staff, customer=customer, reason=reason)
        return None


async def lock_session(scope: Scope) -> StaffSession | None:
    """Who asks, locked in the transaction that writes: still one of the staff, in a session that has its rights."""
    session = await sessions.lock(scope)
    return session if session is not None and session.proved_at is not None else None


def opened(scope: Scope, session: StaffSession, customer: int) -> Opened | None:
    return next((one for one in _opened(scope, session) if one.customer == customer), None)


def close(scope: Scope, session: StaffSession, customer: int) -> None:
    """For a customer who is deleted; the caller saves the session."""
    left = [one for one in _opened(scope, session) if one.customer != customer]
    session.progress[_OPEN] = [asdict(one) for one in left]


def _opened(scope: Scope, session: StaffSession) -> list[Opened]:
    kept: list[dict[str, Any]] = session.progress.get(_OPEN, [])
    return [one for one in (Opened(**values) for values in kept) if one.holds(scope.now)]


def _save(scope: Scope, session: StaffSession, newest: Sequence[Opened]) -> None:
    which = {one.customer for one in newest}
    others = [one for one in _opened(scope, session) if one.customer not in which]
    session.progress[_OPEN] = [asdict(one) for one in [*newest, *others][:_MOST_OPEN]]
