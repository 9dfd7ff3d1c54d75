"""«Заявка на подключение»: a row for the staff's list, an e-mail to them, its number to the customer.

Here for a customer whose bill was not found; registration sends the same (domain/registration/connection_requests.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from db import connection_requests, customers
from domain import journal, throttles
from domain.delivery import outbox
from domain.delivery.messages import ConnectionRequestForStaff, ConnectionRequestReceived
from domain.journey import take_step
from domain.profile import sent_requests
from domain.profile.attached_accounts import ACCOUNT_ADDITION, Addition, SentRequest
from domain.proofs.bill_proof import Bill
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session
from domain.throttles import DAY, Limit
from domain.values.money import show_amount
from domain.values.periods import show_period
from domain.values.phones import show_phone

# The staff's address while mail is not sent: `outbox:` needs none in the settings.
_STAFF_OF_THE_OUTBOX = "staff@example.org"
_A_DAY = 5
Entries = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """What the form asks for; the phone is the confirmed one."""

    last_name: str
    first_name: str
    patronymic: str
    email: str
    address: str
    account_number: str
    comment: str


async def send(scope: Scope, request: Request) -> Session | Refused | SessionExpired | WrongStep | PasswordNeeded:
    """Send a customer's request for the bill that was not found. Repeated, it gets the same number."""

    async def post_one(session: Session, progress: Addition) -> Session | Refused | SessionExpired:
        row = await customers.get(session.customer) if session.customer is not None else None
        if row is None:
            return SessionExpired()
        if progress.request is not None:
            return session
        assert progress.not_found is not None
        at = await throttles.claim(scope, [limit_of_customer(row["id"])])
        if at is not None:
            return Refused(Code.REQUEST_TOO_OFTEN, at=at)
        further = [("Личный кабинет", "уже есть")]
        number = await post(scope, request, scope.unseal(row["phone_sealed"]), progress.not_found, further, row["id"])
        sent = SentRequest(number, request.email)
        return await ACCOUNT_ADDITION.save(scope, session, replace(progress, request=sent))

    return await take_step(scope, ACCOUNT_ADDITION, "connection", post_one)


async def known_of(scope: Scope, customer: int) -> dict[str, str]:
    """What the form need not ask a customer for."""
    row = await customers.get(customer)
    if row is None:
        return {}
    email = {"email": scope.unseal(row["email_sealed"])} if row["email_sealed"] else {}
    names = {name: row[name] for name in ("last_name", "first_name", "patronymic")}
    return {**names, **email}


def limit_of_customer(customer: int) -> Limit:
    return Limit("connection-request-day", str(customer), _A_DAY, DAY)


async def post(scope: Scope, request: Request, phone: str, bill: Bill, further: Entries, customer: int | None) -> int:
    """Save the request and send it to the staff, its number to whoever asked. Part of the caller's transaction."""
    entries = _entries(request, phone, bill, further)
    number = await connection_requests.add(scope.seal(entries), scope.now, customer)
    staff = scope.settings.staff_email or _STAFF_OF_THE_OUTBOX
    await outbox.post(scope, ConnectionRequestForStaff(number, entries), staff)
    link, code = sent_requests.link_of(scope, number), sent_requests.code_of(scope, number)
    received = ConnectionRequestReceived(number, request.first_name, scope.settings.answer_days, code, link)
    await outbox.post(scope, received, request.email, scope.client.language, customer=customer)
    await journal.note(scope, "connection-requested", customer, f"number {number}")
    return number


def moment(scope: Scope, at: datetime) -> str:
    """`16.09.2026 в 14:32`, as the staff read it."""
    return f"{at.astimezone(scope.settings.zone):%d.%m.%Y в %H:%M}"


def _entries(request: Request, phone: str, bill: Bill, further: Entries) -> list[tuple[str, str]]:
    """Everything that was entered, labelled as on the screens, without empty fields."""
    everything = [
        ("Фамилия", request.last_name),
        (sent_requests.FIRST_NAME, request.first_name),
        ("Отчество", request.patronymic),
        (sent_requests.PHONE, show_phone(phone)),
        (sent_requests.EMAIL, request.email),
        (sent_requests.ADDRESS, request.address),
        (sent_requests.ACCOUNT_NUMBER, request.account_number),
        ("Комментарий", request.comment),
        ("Расчетный период, введенный при поиске", show_period(bill.period)),
        (sent_requests.SEARCHED_NUMBER, bill.account_number),
        ("Сумма к оплате, введенная при поиске", f"{show_amount(bill.amount_kopecks)}\u00a0₽"),
        *further,
    ]
    return [(label, _quoted(value)) for label, value in everything if value]


def _quoted(value: str) -> str:
    """Several lines are quoted, so that none of them can imitate a labelled line of the e-mail."""
    lines = value.splitlines()
    return "".join(f"\n> {line}" for line in lines) if len(lines) > 1 else value
