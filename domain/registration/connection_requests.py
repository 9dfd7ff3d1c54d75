"""«Заявка на подключение»: a row for the staff's list, an e-mail to them, its number to the customer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from db import connection_requests
from domain import journal
from domain.delivery import outbox
from domain.delivery.messages import ConnectionRequestForStaff, ConnectionRequestReceived
from domain.journey import take_step
from domain.registration.by_account import NotNow
from domain.registration.progress import REGISTRATION, Registration, SentRequest
from domain.scope import Scope
from domain.sessions import Session
from domain.values.money import show_amount
from domain.values.periods import show_period
from domain.values.phones import show_phone

# The staff's address while mail is not sent: `outbox:` needs none in the settings.
_STAFF_OF_THE_OUTBOX = "staff@example.org"


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


async def send(scope: Scope, request: Request) -> Session | NotNow:
    """Send the request. A session sends one: repeated, it gets the same number."""

    async def post(session: Session, progress: Registration) -> Session:
        if progress.request is not None:
            return session
        entries = _entries(progress, request)
        number = await connection_requests.add(scope.seal(entries), scope.now)
        staff = scope.settings.staff_email or _STAFF_OF_THE_OUTBOX
        await outbox.post(scope, ConnectionRequestForStaff(number, entries), staff)
        received = ConnectionRequestReceived(number, request.first_name)
        await outbox.post(scope, received, request.email, scope.client.language)
        await journal.note(scope, "connection-requested", None, f"number {number}")
        sent = SentRequest(number, request.last_name, request.first_name, request.patronymic, request.email)
        return await REGISTRATION.save(scope, session, replace(progress, request=sent))

    return await take_step(scope, REGISTRATION, "connection", post)


def _entries(progress: Registration, request: Request) -> list[tuple[str, str]]:
    """Everything that was entered, labelled as on the screens, without empty fields."""
    assert progress.phone is not None
    assert progress.bill is not None
    consent, bill = progress.phone.consent, progress.bill.bill
    everything = [
        ("Фамилия", request.last_name),
        ("Имя", request.first_name),
        ("Отчество", request.patronymic),
        ("Телефон", show_phone(progress.number)),
        ("Электронная почта", request.email),
        ("Адрес", request.address),
        ("Номер лицевого счета", request.account_number),
        ("Комментарий", request.comment),
        ("Расчетный период, введенный при поиске", show_period(bill.period)),
        ("Номер лицевого счета, введенный при поиске", bill.account_number),
        ("Сумма к оплате, введенная при поиске", f"{show_amount(bill.amount_kopecks)} ₽"),
        ("Согласие на обработку данных", f"{consent.at.isoformat()} (текст {consent.text.version})"),
    ]
    return [(label, _quoted(value)) for label, value in everything if value]


def _quoted(value: str) -> str:
    """Several lines are quoted, so that none of them can imitate a labelled line of the e-mail."""
    lines = value.splitlines()
    return "".join(f"\n> {line}" for line in lines) if len(lines) > 1 else value
