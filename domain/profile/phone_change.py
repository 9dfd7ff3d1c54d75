"""A change of phone: a code to the new number, then a notice to the old one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db import customers
from db.customers import CustomerRow
from db.engine import transaction
from domain import journal, sessions
from domain.delivery import outbox
from domain.delivery.messages import PhoneChangeCode, PhoneChanged
from domain.journey import Audience, Grant, Journey, Step, grant, take_step
from domain.proofs import one_time_codes, sms_limits
from domain.proofs.one_time_codes import Purpose, proof_of
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session, password_is_recent
from domain.sign_in.password_change import void_recoveries
from domain.values.phones import mask_phone

# Like a registration it sends to any number, so it is charged to the same budget.
PURPOSE = Purpose("phone-change", PhoneChangeCode, "registration")
# How long the change may be finished without typing the password again.
GRANT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class NewPhone:
    """A number (E.164) that waits for its code; `taken` where its code was right but another customer has it."""

    number: str
    begun: Grant
    taken: bool = False

    def holds(self, session: Session, now: datetime) -> bool:
        """Whether the change may be finished: in time, with password and phone as they were when it was begun."""
        return self.begun.holds(now) and self.begun.credentials == session.credentials


@dataclass(frozen=True)
class PhoneChange:
    """Empty again when the change is done."""

    phone: NewPhone | None = None
    code: None = None


PHONE_CHANGE = Journey(
    "phone-change", PhoneChange, (Step("phone", needs_recent_password=True), Step("code")), audience=Audience.CUSTOMERS
)


async def begin(scope: Scope, phone: str) -> Session | Refused | SessionExpired | WrongStep | PasswordNeeded:
    """Send the code to the new number."""

    async def send(session: Session, _progress: PhoneChange) -> Session | Refused:
        assert session.customer is not None
        row = await customers.get(session.customer)
        if row is not None and row["phone_hash"] in scope.phone_hashes(phone):
            return Refused(Code.PHONE_SAME, "phone")
        at = await _send(scope, session.customer, phone)
        if at is not None and not await one_time_codes.is_under_way(scope, PURPOSE, phone):
            return Refused(Code.RESEND_EARLY, "phone", at)
        return await _keep(scope, session, phone)

    return await take_step(scope, PHONE_CHANGE, "phone", send)


async def send_another_code(
    scope: Scope, *, call: bool = False
) -> Session | Refused | SessionExpired | WrongStep | PasswordNeeded:
    """«Отправить код еще раз», or have it dictated: a change that has expired starts again."""

    async def send(session: Session, progress: PhoneChange) -> Session | Refused | PasswordNeeded:
        assert session.customer is not None
        assert progress.phone is not None
        holds = progress.phone.holds(session, scope.now)
        if not holds and not password_is_recent(scope, session):
            return PasswordNeeded()
        at = await _send(scope, session.customer, progress.phone.number, call=call)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "another", at)
        if not holds:
            return await _keep(scope, session, progress.phone.number)
        # Another code does not prolong the change, and whether the number is taken is asked again.
        return await PHONE_CHANGE.save(scope, session, PhoneChange(replace(progress.phone, taken=False)))

    return await take_step(scope, PHONE_CHANGE, "code", send)


async def _send(scope: Scope, customer: int, phone: str, *, call: bool = False) -> datetime | None:
    also = sms_limits.of_phone_change(scope, customer)
    at = await one_time_codes.send(scope, PURPOSE, phone, also=also, call=call)
    if at is None:
        # For the journal of the customer who asked. The owner of the new number has an entry by `one_time_codes.send`.
        await journal.note(scope, "code-requested", customer, PURPOSE.name)
    return at


async def confirm(scope: Scope, typed: str) -> Session | list[Refused] | SessionExpired | WrongStep:
    """Replace the number. Only the right code tells that another customer has it."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        row = await customers.get(session.customer) if session is not None and session.customer is not None else None
        if session is None or row is None or session.something_due:
            return SessionExpired()
        change = PHONE_CHANGE.progress(session).phone
        if change is None and not session.former:
            return WrongStep()
        if change is not None and not session.former:
            if not change.holds(session, scope.now):
                return [Refused(Code.CODE_EXPIRED, "code")]
            if change.taken:
                return [Refused(Code.PHONE_TAKEN, "code")]
        # For a repeated request the number is the customer's by now.
        phone = change.number if change is not None and not session.former else scope.unseal(row["phone_sealed"])
        proved = await one_time_codes.prove(scope, session, PURPOSE, phone, typed)
        if proved is not None:
            return proved
        assert change is not None
        holder = await customers.by_phone(scope.phone_hashes(phone))
        # `_replace` may still fail: somebody may register by this number at the same moment.
        theirs = holder["id"] == row["id"] if holder is not None else await _replace(scope, row, session, phone)
        if not theirs:
            await PHONE_CHANGE.save(scope, session, PhoneChange(replace(change, taken=True)))
            return [Refused(Code.PHONE_TAKEN, "code")]
        session = await sessions.renew(scope, session, proof_of(PURPOSE, phone, typed))
        return await PHONE_CHANGE.save(scope, session, PhoneChange())


async def _replace(scope: Scope, row: CustomerRow, session: Session, phone: str) -> bool:
    """Whether the number is saved. All grants under the former number end; the recently typed password still counts."""
    assert session.customer is not None
    former = scope.unseal(row["phone_sealed"])
    if not await customers.set_phone(session.customer, scope.phone_hash(phone), scope.seal(phone)):
        return False
    await sessions.authenticate(session, session.authenticated_at)
    await void_recoveries(scope, row)
    await outbox.post(scope, PhoneChanged(mask_phone(phone)), former, scope.client.language, customer=row["id"])
    await journal.note(scope, "phone-changed", session.customer)
    return True


async def _keep(scope: Scope, session: Session, phone: str) -> Session:
    assert session.customer is not None
    begun = grant(scope, session.customer, session.credentials, GRANT_LIFETIME)
    return await PHONE_CHANGE.save(scope, session, PhoneChange(NewPhone(phone, begun)))
