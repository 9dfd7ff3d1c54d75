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
from domain.portal import Portal
from domain.proofs import email_confirmation, one_time_codes
from domain.proofs.one_time_codes import RecoveryRequest, Verdict, proof_of, refused_code
from domain.refusals import Code, Lost, OutOfTurn, Refused
from domain.sessions import Caller, Visit
from domain.sign_in import by_password
from domain.sign_in.password_change import RECOVERY, UnmetConditions, about, set_password, unmet

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

    def has_lapsed(self, now: datetime) -> bool:
        """Whether the code was confirmed, but too long ago, or something has changed since."""
        return self.lapsed or (bool(self.until) and not self.is_confirmed(now))


def recovery_of(visit: Visit | None) -> Recovery:
    known = visit.progress.get(_KEY, {}) if visit else {}
    names = {f.name for f in fields(Recovery)}
    return Recovery(**{name: value for name, value in known.items() if name in names})


async def give_login(portal: Portal, caller: Caller, login: str, now: datetime) -> Visit:
    """Remember whose password it is about; the number bound to it is asked for next."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now) or sessions.begin_unproved(portal, now)
        return await _keep(portal, visit, Recovery(login=by_password.fold_login(login)), now)


async def begin(portal: Portal, caller: Caller, phone: str, now: datetime, *, login: str = "") -> Visit | Refused:
    """«Я забыл пароль» for a number, or for a login (folded) and the number bound to it: send the code."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now) or sessions.begin_unproved(portal, now)
        recovery = Recovery(phone, login)
        asked = await _asked(portal, recovery)
        at = await one_time_codes.send_recovery(portal, RECOVERY, asked, caller, now)
        if at is not None and not await one_time_codes.is_under_way(portal, RECOVERY, asked.subject, now):
            return Refused(Code.RESEND_EARLY, "phone", at)
        return await _keep(portal, visit, recovery, now)


async def send_another_code(portal: Portal, caller: Caller, now: datetime) -> Visit | Refused | Lost | OutOfTurn:
    """«Отправить код еще раз»."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if not recovery.phone or recovery.is_confirmed(now):
            return OutOfTurn()
        at = await one_time_codes.send_recovery(portal, RECOVERY, await _asked(portal, recovery), caller, now)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        return await _keep(portal, visit, Recovery(recovery.phone, recovery.login), now)


async def next_code_at(portal: Portal, caller: Caller, visit: Visit | None, now: datetime) -> datetime:
    """When another code may be asked for; `now` where it may already."""
    asked = await _asked(portal, recovery_of(visit))
    return await one_time_codes.next_recovery_at(portal, RECOVERY, asked, caller, now)


async def confirm_code(
    portal: Portal, caller: Caller, typed: str, now: datetime
) -> Visit | list[Refused] | Lost | OutOfTurn:
    """Judge the code. One that was sent about another login, or before the number changed hands, proves nothing."""
    async with transaction():
        visit = await sessions.lock_for_proof(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if not recovery.phone or (recovery.is_confirmed(now) and not visit.former):
            return OutOfTurn()
        customer = await _customer_of(portal, recovery)
        asked = RecoveryRequest(recovery.phone, recovery.login, known=customer is not None)
        verdict = await one_time_codes.judge(
            portal, RECOVERY, asked.subject, typed, caller, now, expected=customer is not None
        )
        proof = proof_of(RECOVERY, recovery.phone, typed)
        if verdict is Verdict.REPEATED and (led := await sessions.renewed(portal, caller, proof, now)):
            return led
        if visit.former:
            return Lost()
        if verdict is not Verdict.CORRECT or customer is None:
            return refused_code(verdict)
        until = (now + GRANT_LIFETIME).isoformat()
        granted = Recovery(recovery.phone, recovery.login, customer["id"], customer["credentials"], until)
        return await _keep(portal, await sessions.renew(portal, caller, visit, proof, now), granted, now)


async def unmet_by(portal: Portal, visit: Visit | None, password: str) -> list[str]:
    """Conditions that `password` breaks for whoever this recovery is about."""
    recovery = recovery_of(visit)
    known = await about(portal, recovery.customer) if recovery.until else ()
    return unmet(portal, password, known)


async def save_password(
    portal: Portal, caller: Caller, password: str, now: datetime
) -> Visit | UnmetConditions | Lost | OutOfTurn:
    """Set it, end every session of the customer, tell them by e-mail. Pressed twice it is set once."""
    visit = await sessions.resume(portal, caller, now)
    if visit is None:
        return Lost()
    recovery = recovery_of(visit)
    if recovery.saved:
        return visit
    if not recovery.is_confirmed(now):
        return OutOfTurn()
    if conditions := await unmet_by(portal, visit, password):
        return UnmetConditions(conditions)
    password_hash = await portal.hasher.hash(password)
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if recovery.saved:
            return visit
        if not recovery.is_confirmed(now):
            return OutOfTurn()
        return await _save(portal, caller, visit, recovery, password_hash, now)


async def _save(
    portal: Portal, caller: Caller, visit: Visit, recovery: Recovery, password_hash: str, now: datetime
) -> Visit | Lost | OutOfTurn:
    customer = await customers.lock(recovery.customer)
    if customer is None:
        # Deleted meanwhile, on another device.
        return Lost()
    if customer["credentials"] != recovery.credentials:
        await _keep(portal, visit, Recovery(recovery.phone, recovery.login, lapsed=True), now)
        return OutOfTurn()
    await set_password(portal, caller, recovery.customer, password_hash, now)
    await email_confirmation.send_first_link(portal, caller, recovery.customer, now)
    await by_password.lift_lock(portal, caller, recovery.login or recovery.phone, recovery.customer, now)
    await journal.add(now, "password-recovered", recovery.customer, caller.ip, caller.user_agent)
    return await _keep(portal, visit, Recovery(recovery.phone, recovery.login, saved=True), now)


async def _asked(portal: Portal, recovery: Recovery) -> RecoveryRequest:
    known = await _customer_of(portal, recovery) is not None
    return RecoveryRequest(recovery.phone, recovery.login, known)


async def _customer_of(portal: Portal, recovery: Recovery) -> dict[str, Any] | None:
    """Whose the number is now; with a login, only where both are the same customer's."""
    customer = await customers.by_phone(portal.sealing.keyed_hash("phone", recovery.phone))
    if recovery.login:
        holder = await customers.by_login(by_password.login_hash(portal, recovery.login))
        customer = customer if customer and holder and customer["id"] == holder["id"] else None
    return customer


async def _keep(portal: Portal, visit: Visit, recovery: Recovery, now: datetime) -> Visit:
    visit.progress[_KEY] = asdict(recovery)
    await sessions.keep(portal, visit, now)
    return visit
