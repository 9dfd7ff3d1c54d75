"""A new password for whoever has forgotten theirs, or never had one: code by SMS, then the password.

Unknown numbers walk the same way as known ones; only the SMS never comes. Whose the number is, is looked up at each
step: until a code has been confirmed nothing that leaves the portal knows it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from db import customers, journal
from db.engine import transaction
from domain import sessions
from domain.proofs import email_confirmation, one_time_codes
from domain.proofs.one_time_codes import RecoveryRequest, Verdict, proof_of, refused_code
from domain.refusals import Code, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session
from domain.sign_in import by_password
from domain.sign_in.password_change import RECOVERY, BrokenRules, about, broken_rules, set_password
from domain.values.people import fold_login

# How long a confirmed code allows a new password.
GRANT_LIFETIME = timedelta(minutes=10)
_KEY = "recovery"


@dataclass
class Recovery:
    """`customer`, their version of that time and `until` stand for a confirmed code; `lapsed` where it was too late."""

    phone: str = ""
    login: str = ""
    customer: int = 0
    credentials: int = 0
    until: str = ""
    lapsed: bool = False
    saved: bool = False

    def is_confirmed(self, now: datetime) -> bool:
        return bool(self.until) and now < datetime.fromisoformat(self.until)

    def has_expired(self, now: datetime) -> bool:
        """Whether the code was confirmed, but too long ago, or something has changed since."""
        return self.lapsed or (bool(self.until) and not self.is_confirmed(now))


def recovery_of(session: Session | None) -> Recovery:
    known = session.progress.get(_KEY, {}) if session else {}
    names = {f.name for f in fields(Recovery)}
    return Recovery(**{name: value for name, value in known.items() if name in names})


async def give_login(scope: Scope, login: str) -> Session:
    """Remember whose password it is about; the number bound to it is asked for next."""
    async with transaction():
        session = await sessions.lock(scope) or sessions.begin_unproved(scope)
        return await _keep(scope, session, Recovery(login=fold_login(login)))


async def begin(scope: Scope, phone: str, *, login: str = "") -> Session | Refused:
    """«Я забыл пароль» for a number, or for a login (folded) and the number bound to it: send the code."""
    async with transaction():
        session = await sessions.lock(scope) or sessions.begin_unproved(scope)
        recovery = Recovery(phone, login)
        asked = await _asked(scope, recovery)
        at = await one_time_codes.send_recovery(scope, RECOVERY, asked)
        if at is not None and not await one_time_codes.is_under_way(scope, RECOVERY, asked.subject):
            return Refused(Code.RESEND_EARLY, "phone", at)
        return await _keep(scope, session, recovery)


async def send_another_code(scope: Scope) -> Session | Refused | SessionExpired | WrongStep:
    """«Отправить код еще раз»."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        recovery = recovery_of(session)
        if not recovery.phone or recovery.is_confirmed(scope.now):
            return WrongStep()
        at = await one_time_codes.send_recovery(scope, RECOVERY, await _asked(scope, recovery))
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        return await _keep(scope, session, Recovery(recovery.phone, recovery.login))


async def next_code_at(scope: Scope, session: Session | None) -> datetime:
    """When another code may be asked for; `now` where it may already."""
    asked = await _asked(scope, recovery_of(session))
    return await one_time_codes.next_recovery_at(scope, RECOVERY, asked)


async def confirm_code(scope: Scope, typed: str) -> Session | list[Refused] | SessionExpired | WrongStep:
    """Judge the code. One that was sent about another login, or before the number changed hands, proves nothing."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        recovery = recovery_of(session)
        if not recovery.phone or (recovery.is_confirmed(scope.now) and not session.former):
            return WrongStep()
        customer = await _customer_of(scope, recovery)
        asked = RecoveryRequest(recovery.phone, recovery.login, known=customer is not None)
        verdict = await one_time_codes.judge(scope, RECOVERY, asked.subject, typed, expected=customer is not None)
        proof = proof_of(RECOVERY, recovery.phone, typed)
        if verdict is Verdict.REPEATED and (led := await sessions.renewed(scope, proof)):
            return led
        if session.former:
            return SessionExpired()
        if verdict is not Verdict.CORRECT or customer is None:
            return refused_code(verdict)
        until = (scope.now + GRANT_LIFETIME).isoformat()
        granted = Recovery(recovery.phone, recovery.login, customer["id"], customer["credentials"], until)
        return await _keep(scope, await sessions.renew(scope, session, proof), granted)


async def rules_broken_by(scope: Scope, session: Session | None, password: str) -> list[str]:
    """Conditions that `password` breaks for whoever this recovery is about."""
    recovery = recovery_of(session)
    known = await about(scope, recovery.customer) if recovery.until else ()
    return broken_rules(scope, password, known)


async def save_password(scope: Scope, password: str) -> Session | BrokenRules | SessionExpired | WrongStep:
    """Set it, end every session of the customer, tell them by e-mail. Pressed twice it is set once."""
    session = await sessions.resume(scope)
    if session is None:
        return SessionExpired()
    recovery = recovery_of(session)
    if recovery.saved:
        return session
    if not recovery.is_confirmed(scope.now):
        return WrongStep()
    if conditions := await rules_broken_by(scope, session, password):
        return BrokenRules(conditions)
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        recovery = recovery_of(session)
        if recovery.saved:
            return session
        if not recovery.is_confirmed(scope.now):
            return WrongStep()
        return await _save(scope, session, recovery, password_hash)


async def _save(
    scope: Scope, session: Session, recovery: Recovery, password_hash: str
) -> Session | SessionExpired | WrongStep:
    customer = await customers.lock(recovery.customer)
    if customer is None:
        # Deleted meanwhile, on another device.
        return SessionExpired()
    if customer["credentials"] != recovery.credentials:
        await _keep(scope, session, Recovery(recovery.phone, recovery.login, lapsed=True))
        return WrongStep()
    await set_password(scope, recovery.customer, password_hash)
    await email_confirmation.send_first_link(scope, recovery.customer)
    await by_password.lift_lock(scope, recovery.login or recovery.phone, recovery.customer)
    await journal.add(scope.now, "password-recovered", recovery.customer, scope.client.ip, scope.client.user_agent)
    return await _keep(scope, session, Recovery(recovery.phone, recovery.login, saved=True))


async def _asked(scope: Scope, recovery: Recovery) -> RecoveryRequest:
    known = await _customer_of(scope, recovery) is not None
    return RecoveryRequest(recovery.phone, recovery.login, known)


async def _customer_of(scope: Scope, recovery: Recovery) -> dict[str, Any] | None:
    """Whose the number is now; with a login, only where both are the same customer's."""
    customer = await customers.by_phone(scope.phone_hash(recovery.phone))
    if recovery.login:
        holder = await customers.by_login(scope.login_hash(recovery.login))
        customer = customer if customer and holder and customer["id"] == holder["id"] else None
    return customer


async def _keep(scope: Scope, session: Session, recovery: Recovery) -> Session:
    session.progress[_KEY] = asdict(recovery)
    await sessions.save(scope, session)
    return session
