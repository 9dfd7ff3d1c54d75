"""What the staff do for a customer who is open to them. Rights are judged in the transaction that writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from db import customers
from db import sessions as session_rows
from db.customers import CustomerRow
from db.engine import transaction
from domain import journal as journal_of_customers
from domain.profile import personal_data
from domain.proofs import email_confirmation
from domain.refusals import Refused, SessionExpired
from domain.scope import Scope
from domain.staff import customers as opened_customers
from domain.staff import journal, locks, sessions
from domain.staff.people import Role


@dataclass(frozen=True)
class NotOpen:
    """The customer is not open to this person, is gone, or the person may not do this."""


Done = Refused | SessionExpired | NotOpen | None
# Whether there was anything to do, or why it was refused.
_Do = Callable[[CustomerRow], Awaitable[bool | Refused]]


async def lift_lock(scope: Scope, customer: int, kind: str) -> Done:
    """«Снять»."""

    async def lift(row: CustomerRow) -> bool:
        if not await locks.lift(scope, row, kind):
            return False
        await journal_of_customers.note_by_company(scope, "lock-lifted-by-staff", row["id"])
        return True

    return await act(scope, customer, "customer-lock-lifted", lift, subject=kind)


async def send_again(scope: Scope, customer: int) -> Done:
    """«Отправить еще раз»: the link that confirms the e-mail. Of other messages nothing is left to be sent again."""

    async def send(row: CustomerRow) -> bool | Refused:
        if not email_confirmation.awaits_confirmation(row):
            return False
        return await email_confirmation.send_again(scope, row) or True

    return await act(scope, customer, "customer-message-sent-again", send, subject="email-confirmation")


async def end_sessions(scope: Scope, customer: int) -> Done:
    """«Завершить сеансы» on every device."""

    async def end(row: CustomerRow) -> bool:
        if not await session_rows.of_customer(row["id"], scope.now):
            return False
        await session_rows.end_all(row["id"])
        await journal_of_customers.note_by_company(scope, "sessions-ended-by-staff", row["id"])
        return True

    return await act(scope, customer, "customer-sessions-ended", end)


async def detach(scope: Scope, customer: int, account: int, reason: str) -> Done:
    """«Отсоединить»: the customer does not see the account any more, and may prove it again."""

    async def detached(row: CustomerRow) -> bool:
        if not await customers.detach_account(row["id"], account):
            return False
        await journal_of_customers.note_by_company(scope, "account-detached-by-staff", row["id"])
        return True

    return await act(
        scope, customer, "customer-account-detached", detached, subject=f"account {account}", reason=reason
    )


async def delete(scope: Scope, customer: int, reason: str) -> Done:
    """«Удалить» at the customer's request; only an admin who has just shown a second factor."""

    async def deleted(row: CustomerRow) -> bool:
        await journal_of_customers.note_by_company(scope, "deleted", row["id"])
        await personal_data.remove(scope, row)
        return True

    return await act(scope, customer, "customer-deleted", deleted, reason=reason, role=Role.ADMIN)


async def act(
    scope: Scope,
    customer: int,
    event: str,
    do: _Do,
    *,
    subject: str = "",
    reason: str = "",
    role: Role = Role.OPERATOR,
) -> Done:
    """One act for an open customer, in the journal with `reason`, else with that of the search.

    What only an admin may do needs a second factor that was shown a moment ago. Where there was nothing left to do, as
    for a press that is sent twice, nothing is noted.
    """
    async with transaction():
        session = await opened_customers.lock_session(scope)
        if session is None:
            return SessionExpired()
        known = opened_customers.opened(scope, session, customer)
        may = role is Role.OPERATOR or (session.role is Role.ADMIN and sessions.is_confirmed(scope, session))
        if known is None or not may or await customers.lock(customer) is None:
            return NotOpen()
        row = await customers.get(customer)
        assert row is not None
        done = await do(row)
        if isinstance(done, Refused):
            return done
        if done:
            await journal.note(
                scope, event, session.staff, customer=customer, subject=subject, reason=reason or known.reason
            )
        return None
