"""A new phone: a code to the new one, a notice to the old one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from db import customers, journal
from db.engine import transaction
from domain import sessions
from domain.delivery import outbox
from domain.delivery.messages import PhoneChangeCode, PhoneChanged
from domain.proofs import one_time_codes, sms_limits
from domain.proofs.one_time_codes import Purpose, Verdict, proof_of, refused_code
from domain.refusals import Code, ProofNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session, is_fresh
from domain.sign_in.password_change import void_recoveries
from domain.values.phones import mask_phone

# It sends to any number, as a registration does, and is charged to the same budget.
PURPOSE = Purpose("phone-change", PhoneChangeCode, "registration")
# How long a change that was begun may be finished without the password.
GRANT_LIFETIME = timedelta(minutes=10)
_KEY = "new_phone"


@dataclass
class NewPhone:
    """A number that waits for its code, the customer's version when the change was begun, and when it lapses."""

    phone: str
    credentials: int
    until: str

    def holds(self, session: Session, now: datetime) -> bool:
        return self.credentials == session.credentials and now < datetime.fromisoformat(self.until)


def change_of(session: Session | None) -> NewPhone | None:
    known = session.progress.get(_KEY) if session else None
    if not isinstance(known, dict) or not {"phone", "credentials", "until"} <= known.keys():
        return None
    return NewPhone(known["phone"], known["credentials"], known["until"])


async def begin(scope: Scope, phone: str) -> Session | Refused | SessionExpired | ProofNeeded:
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or session.customer is None or session.password_due:
            return SessionExpired()
        if not is_fresh(scope, session):
            return ProofNeeded()
        at = await _send(scope, session.customer, phone)
        if at is not None and not await one_time_codes.is_under_way(scope, PURPOSE, phone):
            return Refused(Code.RESEND_EARLY, "phone", at)
        if at is None:
            await _note_request(scope, session.customer)
        return await _keep(scope, session, phone)


async def send_another_code(scope: Scope) -> Session | Refused | SessionExpired | WrongStep | ProofNeeded:
    """«Отправить код еще раз»: a change that has lapsed begins anew."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or session.customer is None or session.password_due:
            return SessionExpired()
        change = change_of(session)
        if change is None:
            return WrongStep()
        holds = change.holds(session, scope.now)
        if not holds and not is_fresh(scope, session):
            return ProofNeeded()
        at = await _send(scope, session.customer, change.phone)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        await _note_request(scope, session.customer)
        return session if holds else await _keep(scope, session, change.phone)


async def _send(scope: Scope, customer: int, phone: str) -> datetime | None:
    return await one_time_codes.send(scope, PURPOSE, phone, also=sms_limits.of_changer(scope, customer))


async def _note_request(scope: Scope, customer: int) -> None:
    """In the journal of whoever asked; that of the new number's owner, if it has one, is written with the code."""
    await journal.add(scope.now, "code-requested", customer, scope.client.ip, scope.client.user_agent, PURPOSE.name)


async def confirm(scope: Scope, typed: str) -> Session | list[Refused] | SessionExpired | WrongStep:
    """Replace the number. That it is somebody else's is learned only behind its code."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        row = await customers.get(session.customer) if session is not None and session.customer is not None else None
        if session is None or row is None or session.password_due:
            return SessionExpired()
        change = change_of(session)
        if session.former:
            return await _confirmed_before(scope, scope.unseal(row["phone_sealed"]), typed)
        if change is None:
            return WrongStep()
        if not change.holds(session, scope.now):
            return [Refused(Code.CODE_EXPIRED, "code")]
        verdict = await one_time_codes.judge(scope, PURPOSE, change.phone, typed)
        if verdict not in {Verdict.CORRECT, Verdict.REPEATED}:
            return refused_code(verdict)
        holder = await customers.by_phone(scope.phone_hash(change.phone))
        if holder is not None and holder["id"] != session.customer:
            return [Refused(Code.PHONE_TAKEN, "code")]
        if holder is None and not await _replace(scope, row, session, change.phone):
            # Somebody has registered by it at this very moment.
            return [Refused(Code.PHONE_TAKEN, "code")]
        del session.progress[_KEY]
        session = await sessions.renew(scope, session, proof_of(PURPOSE, change.phone, typed))
        await sessions.save(scope, session)
        return session


async def _confirmed_before(scope: Scope, phone: str, typed: str) -> Session | SessionExpired:
    """The same press again: its answer, and with it the session's new id, may have been lost."""
    verdict = await one_time_codes.judge(scope, PURPOSE, phone, typed)
    if verdict is not Verdict.REPEATED:
        return SessionExpired()
    return await sessions.renewed(scope, proof_of(PURPOSE, phone, typed)) or SessionExpired()


async def _replace(scope: Scope, row: dict[str, Any], session: Session, phone: str) -> bool:
    """What was granted under the former number ends with it, but not that this session has typed the password."""
    assert session.customer is not None
    former = scope.unseal(row["phone_sealed"])
    phone_hash = scope.phone_hash(phone)
    if not await customers.set_phone(session.customer, phone_hash, scope.seal(phone)):
        return False
    await sessions.authenticate(session, session.authenticated_at)
    await void_recoveries(scope, row)
    await outbox.post(scope, PhoneChanged(mask_phone(phone)), former, scope.client.language)
    await journal.add(scope.now, "phone-changed", session.customer, scope.client.ip, scope.client.user_agent)
    return True


async def _keep(scope: Scope, session: Session, phone: str) -> Session:
    until = (scope.now + GRANT_LIFETIME).isoformat()
    session.progress[_KEY] = asdict(NewPhone(phone, session.credentials, until))
    await sessions.save(scope, session)
    return session
