"""«Заявка на подключение»: a row for the staff's list, an e-mail to them, its number to the customer."""

from __future__ import annotations

from dataclasses import dataclass

from db import connection_requests, journal
from db.engine import transaction
from domain import sessions
from domain.delivery import outbox
from domain.delivery.messages import ConnectionRequestForStaff, ConnectionRequestReceived
from domain.refusals import SessionExpired, WrongStep
from domain.registration.progress import Registration, may_take, put_into, registration_of
from domain.scope import Scope
from domain.sessions import Session
from domain.values.money import show_amount
from domain.values.periods import show_period
from domain.values.phones import show_phone

# Where the requests go while mail itself goes nowhere (`outbox:` needs no staff address).
_STAFF_OF_THE_OUTBOX = "staff@example.org"


@dataclass(frozen=True)
class Request:
    """What the form asks beside the phone, which is the confirmed one."""

    last_name: str
    first_name: str
    patronymic: str
    email: str
    address: str
    account_number: str
    comment: str


async def send(scope: Scope, request: Request) -> Session | SessionExpired | WrongStep:
    """Send it once; the same session sending again gets the same number."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if registration.request_number:
            return session
        if not may_be_sent(registration):
            return WrongStep()
        entries = _entries(registration, request)
        number = await connection_requests.add(scope.seal(entries), scope.now)
        staff = scope.settings.staff_email or _STAFF_OF_THE_OUTBOX
        await outbox.post(scope, ConnectionRequestForStaff(number, entries), staff)
        received = ConnectionRequestReceived(number, request.first_name)
        await outbox.post(scope, received, request.email, scope.client.language)
        await journal.add(
            scope.now, "connection-requested", None, scope.client.ip, scope.client.user_agent, f"number {number}"
        )
        registration.request_number = number
        registration.last_name, registration.first_name = request.last_name, request.first_name
        registration.patronymic, registration.email = request.patronymic, request.email
        put_into(session, registration)
        await sessions.save(scope, session)
        return session


def may_be_sent(registration: Registration) -> bool:
    """Only after the search has failed for a confirmed phone."""
    return may_take(registration, "bill") and registration.not_found


def _entries(registration: Registration, request: Request) -> list[tuple[str, str]]:
    """Everything that was entered, labelled as on the screens; what was left empty is left out."""
    amount = f"{show_amount(registration.amount_kopecks)} ₽" if registration.amount_kopecks >= 0 else ""
    everything = [
        ("Фамилия", request.last_name),
        ("Имя", request.first_name),
        ("Отчество", request.patronymic),
        ("Телефон", show_phone(registration.phone)),
        ("Электронная почта", request.email),
        ("Адрес", request.address),
        ("Номер лицевого счета", request.account_number),
        ("Комментарий", request.comment),
        ("Расчетный период, введенный при поиске", show_period(registration.period)),
        ("Номер лицевого счета, введенный при поиске", registration.account_number),
        ("Сумма к оплате, введенная при поиске", amount),
        ("Согласие на обработку данных", f"{registration.consent_at} (текст {registration.consent_version})"),
    ]
    return [(label, _quoted(value)) for label, value in everything if value]


def _quoted(value: str) -> str:
    """Several lines are marked as quoted, so that none of them looks like one of ours in a plain text."""
    lines = value.splitlines()
    return "".join(f"\n> {line}" for line in lines) if len(lines) > 1 else value
