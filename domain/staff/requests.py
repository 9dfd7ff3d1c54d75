"""What the staff do with connection requests: take one, ask, connect or refuse.

Each act names the version of the request that its person has seen. Where another one was faster nothing is done, and
the person is told. The same act sent again finds what it has done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from db import connection_requests, customers, registry, staff
from db.connection_requests import Change, ConnectionRequestRow, ListedRequestRow
from db.engine import transaction
from db.registry import AccountRow
from domain import journal as journal_of_customers
from domain.delivery import outbox
from domain.delivery.messages import ConnectionDecided, ConnectionQuestion
from domain.profile import attached_accounts, sent_requests
from domain.profile.sent_requests import (
    ACCOUNT_NUMBER,
    ADDRESS,
    EMAIL,
    FIRST_NAME,
    PHONE,
    SEARCHED_NUMBER,
    Followed,
    Reason,
)
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.staff import journal, near_matches
from domain.values.phones import read_phone

PAGE = 50


class State(StrEnum):
    NEW = "new"
    WORK = "work"
    DONE = "done"
    REFUSED = "refused"


OPEN = (State.NEW, State.WORK)
# Why a request is refused; `other` needs a text.
REASONS = ("not-served", "not-proved", "no-answer", "repeated", "other")


@dataclass(frozen=True)
class Listed:
    """`age` in seconds, of whole minutes from one on."""

    number: int
    state: State
    created_at: datetime
    age: int
    staff: str


@dataclass(frozen=True)
class Request:
    """`staff` is the address of who works on it or has decided it, `own` where that is who looks."""

    followed: Followed
    entries: Sequence[tuple[str, str]]
    version: int
    staff: str
    own: bool
    near: Sequence[AccountRow]
    account: AccountRow | None

    @property
    def open(self) -> bool:
        return self.followed.state in OPEN


async def listed(scope: Scope, states: Sequence[State], after: int = 0) -> tuple[list[Listed], int | None]:
    """The oldest requests in these states behind number `after`, and the number behind which there are more."""
    rows = [row for state in states for row in await connection_requests.in_state(state, after, PAGE + 1)]
    shown = sorted(rows, key=lambda row: row["id"])
    emails = {who: await _email(scope, who) for who in {row["staff"] for row in shown[:PAGE]}}
    more = shown[PAGE - 1]["id"] if len(shown) > PAGE else None
    return [_listed(scope, row, emails[row["staff"]]) for row in shown[:PAGE]], more


def _listed(scope: Scope, row: ListedRequestRow, email: str) -> Listed:
    minutes = max(1, (scope.now - row["created_at"]) // timedelta(minutes=1))
    return Listed(row["id"], State(row["state"]), row["created_at"], minutes * 60, email)


async def exists(number: int) -> bool:
    return await connection_requests.get(number) is not None


async def look(scope: Scope, by: int, number: int, *, noted: bool = True) -> Request | None:
    """All that was typed; the look is in the journal, of the customer too, where the request is a customer's."""
    async with transaction():
        row = await connection_requests.get(number)
        if row is None:
            return None
        if noted and row["customer"] is not None and await customers.get(row["customer"]) is not None:
            await journal.note_look(
                scope, "request-opened", by, row["customer"], subject=f"request {number}", reason=""
            )
        elif noted:
            await journal.note(scope, "request-opened", by, subject=f"request {number}")
    return await _shown(scope, by, row)


async def _shown(scope: Scope, by: int, row: ConnectionRequestRow) -> Request:
    entries = [(label, text) for label, text in scope.unseal(row["sealed"])]
    typed, near = dict(entries), list[AccountRow]()
    if row["state"] in OPEN:
        near = await near_matches.find(
            [typed.get(ACCOUNT_NUMBER, ""), typed.get(SEARCHED_NUMBER, "")], typed.get(ADDRESS, "")
        )
    account = await registry.account(row["account"]) if row["account"] is not None else None
    shown = sent_requests.followed(scope, row)
    return Request(shown, entries, row["version"], await _email(scope, row["staff"]), row["staff"] == by, near, account)


Done = Refused | None


async def take(scope: Scope, by: int, number: int, version: int) -> Done:
    """«Взять в работу», also from a colleague."""

    async def taken(_row: ConnectionRequestRow) -> Change:
        return {"state": State.WORK}

    return await _act(scope, by, number, version, "request-taken", taken, mine=False)


async def ask(scope: Scope, by: int, number: int, version: int, question: str) -> Done:
    """«Нужны данные»: the question goes out by e-mail, with the link to the page for the answer."""

    async def asked(row: ConnectionRequestRow) -> Change:
        typed = _typed(scope, row)
        link = sent_requests.link_of(scope, number)
        message = ConnectionQuestion(number, typed.get(FIRST_NAME, ""), question, link)
        await outbox.post(scope, message, typed[EMAIL], customer=row["customer"])
        return {"talk_sealed": sent_requests.with_said(scope, row, question, question=True)}

    return await _act(scope, by, number, version, "request-asked", asked)


async def refuse(scope: Scope, by: int, number: int, version: int, reason: Reason) -> Done:
    """«Отклонить»: the sender is told, and reads why on the page of the request."""
    word = reason.word if reason.word in REASONS else "other"
    if word == "other" and not reason.text:
        return Refused(Code.REASON_EMPTY, "explanation")

    async def refused(row: ConnectionRequestRow) -> Change:
        await _tell(scope, row, "refused")
        sealed = scope.seal([word, reason.text])
        return {"state": State.REFUSED, "handled_at": scope.now, "reason_sealed": sealed}

    return await _act(scope, by, number, version, "request-refused", refused, reason=f"{word} {reason.text}".strip())


async def connect(scope: Scope, by: int, number: int, version: int, account: int, typed: str) -> Done:
    """«Подключить»: to the customer with the request's phone, or offered to the phone's next registration.

    `typed` is the number of the account; where none was typed, `account` is its id.
    """
    chosen = await near_matches.chosen(account, typed)
    if chosen is None:
        return Refused(Code.ACCOUNT_UNKNOWN if typed.strip() else Code.ACCOUNT_EMPTY, "account_number")

    async def connected(row: ConnectionRequestRow) -> Change:
        values: Change = {"state": State.DONE, "handled_at": scope.now, "account": chosen["id"]}
        phone = read_phone(_typed(scope, row)[PHONE], scope.settings.sms_countries) or ""
        customer = await _customer_of(scope, row, phone)
        if customer is None:
            await _tell(scope, row, "found")
            return {**values, "phone_hash": scope.phone_hash(phone)}
        if await customers.attach_account(customer, chosen["id"], scope.now):
            await journal_of_customers.note_by_company(scope, "account-attached", customer)
            await attached_accounts.tell_others(scope, customer, chosen["id"])
        await _tell(scope, row, "attached")
        return {**values, "customer": customer}

    return await _act(scope, by, number, version, "request-connected", connected, reason=f"account {chosen['id']}")


async def _customer_of(scope: Scope, row: ConnectionRequestRow, phone: str) -> int | None:
    """Who has asked, locked. The number may have changed since, or be a customer's only now."""
    if row["customer"] is not None and await customers.lock(row["customer"]) is not None:
        return row["customer"]
    known = await customers.by_phone(scope.phone_hashes(phone)) if phone else None
    return known["id"] if known is not None and await customers.lock(known["id"]) is not None else None


_Decide = Callable[[ConnectionRequestRow], Awaitable[Change]]


async def _act(
    scope: Scope,
    by: int,
    number: int,
    version: int,
    event: str,
    decide: _Decide,
    *,
    mine: bool = True,
    reason: str = "",
) -> Done:
    """One act of one person on the request as they saw it. `mine`: only by who works on it."""
    async with transaction():
        row = await connection_requests.get(number, locked=True)
        if row is None:
            return Refused(Code.REQUEST_CHANGED)
        if row["version"] == version + 1 and row["staff"] == by and row["last_event"] == event:
            return None
        seen = row["version"] == version and row["state"] in OPEN
        if not seen or (mine and (row["staff"] != by or row["state"] != State.WORK)):
            return Refused(Code.REQUEST_CHANGED)
        values = await decide(row)
        await connection_requests.change(number, version, {**values, "staff": by, "last_event": event})
        await journal.note(scope, event, by, customer=row["customer"], subject=f"request {number}", reason=reason)
        return None


async def _tell(scope: Scope, row: ConnectionRequestRow, outcome: str) -> None:
    typed = _typed(scope, row)
    link = sent_requests.link_of(scope, row["id"])
    message = ConnectionDecided(row["id"], typed.get(FIRST_NAME, ""), outcome, link)
    await outbox.post(scope, message, typed[EMAIL], customer=row["customer"])


def _typed(scope: Scope, row: ConnectionRequestRow) -> dict[str, str]:
    return dict(scope.unseal(row["sealed"]))


async def _email(scope: Scope, person: int | None) -> str:
    row = await staff.get(person) if person is not None else None
    return str(scope.unseal(row["email_sealed"])) if row is not None else ""
