"""A new password for whoever has forgotten theirs, or never had one: code by SMS, then the password.

Unknown numbers walk the same way as known ones; only the SMS never comes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from db import customers, journal
from db.engine import transaction
from domain import email_confirmation, one_time_codes, sessions, sign_in
from domain.messages import RecoveryCode
from domain.one_time_codes import Purpose, RecoveryRequest, Verdict, refused_code
from domain.password_change import UnmetConditions, about, set_password, unmet
from domain.portal import Portal
from domain.refusals import Code, Lost, OutOfTurn, Refused
from domain.sessions import Caller, Visit

PURPOSE = Purpose("recovery", RecoveryCode, "recovery")
_KEY = "recovery"


@dataclass
class Recovery:
    """`customer` is 0 for a number that has none, or not the one of the login; nobody outside can tell."""

    phone: str = ""
    login: str = ""
    customer: int = 0
    confirmed: bool = False
    saved: bool = False


def recovery_of(visit: Visit | None) -> Recovery:
    return Recovery(**visit.progress.get(_KEY, {})) if visit else Recovery()


async def give_login(portal: Portal, caller: Caller, login: str, now: datetime) -> Visit:
    """Remember whose password it is about; the number bound to it is asked for next."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now) or await sessions.begin(portal, caller, now)
        await _keep(portal, visit, Recovery(login=sign_in.fold_login(login)), now)
        return visit


async def begin(portal: Portal, caller: Caller, phone: str, now: datetime, *, login: str = "") -> Visit | Refused:
    """«Я забыл пароль» for a number, or for a login (folded) and the number bound to it: send the code."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now) or await sessions.begin(portal, caller, now)
        customer = await customers.by_phone(portal.sealing.keyed_hash("phone", phone))
        if login:
            holder = await customers.by_login(sign_in.login_hash(portal, login))
            customer = customer if customer and holder and customer["id"] == holder["id"] else None
        recovery = Recovery(phone, login, customer["id"] if customer else 0)
        asked = _asked(recovery)
        at = await one_time_codes.send_recovery(portal, PURPOSE, asked, caller, now)
        if at is not None and not await one_time_codes.is_under_way(portal, PURPOSE, asked.subject, now):
            return Refused(Code.RESEND_EARLY, "phone", at)
        await _keep(portal, visit, recovery, now)
        return visit


async def send_another_code(portal: Portal, caller: Caller, now: datetime) -> Visit | Refused | Lost | OutOfTurn:
    """«Отправить код еще раз»."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if not recovery.phone or recovery.confirmed:
            return OutOfTurn()
        at = await one_time_codes.send_recovery(portal, PURPOSE, _asked(recovery), caller, now)
        return visit if at is None else Refused(Code.RESEND_EARLY, "code", at)


async def next_code_at(portal: Portal, caller: Caller, visit: Visit | None, now: datetime) -> datetime:
    """When another code may be asked for; `now` where it may already."""
    return await one_time_codes.next_recovery_at(portal, PURPOSE, _asked(recovery_of(visit)), caller, now)


async def confirm_code(
    portal: Portal, caller: Caller, typed: str, now: datetime
) -> Visit | list[Refused] | Lost | OutOfTurn:
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if not recovery.phone or recovery.confirmed:
            return OutOfTurn()
        verdict = await one_time_codes.judge(portal, PURPOSE, _asked(recovery).subject, typed, now)
        if verdict is Verdict.CORRECT and not recovery.customer:
            # The code of another way to the same phone proves nothing about this login.
            verdict = Verdict.WRONG
        if verdict is not Verdict.CORRECT:
            return refused_code(verdict)
        recovery.confirmed = True
        await _keep(portal, visit, recovery, now)
        return visit


async def unmet_by(portal: Portal, visit: Visit | None, password: str) -> list[str]:
    """Conditions that `password` breaks for whoever this recovery is about."""
    recovery = recovery_of(visit)
    known = await about(portal, recovery.customer) if recovery.confirmed else ()
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
    if not recovery.confirmed:
        return OutOfTurn()
    if conditions := await unmet_by(portal, visit, password):
        return UnmetConditions(conditions)
    password_hash = await portal.hasher.hash(password)
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        recovery = recovery_of(visit)
        if recovery.confirmed and not recovery.saved:
            if await customers.get(recovery.customer) is None:
                # Deleted meanwhile, on another device.
                return Lost()
            await set_password(portal, caller, recovery.customer, password_hash, now)
            await email_confirmation.send_first_link(portal, caller, recovery.customer, now)
            await sign_in.lift_lock(portal, caller, recovery.login or recovery.phone, recovery.customer, now)
            await journal.add(now, "password-recovered", recovery.customer, caller.ip, caller.user_agent)
            await _keep(portal, visit, Recovery(recovery.phone, recovery.login, saved=True), now)
        return visit


def _asked(recovery: Recovery) -> RecoveryRequest:
    return RecoveryRequest(recovery.phone, recovery.login, known=bool(recovery.customer))


async def _keep(portal: Portal, visit: Visit, recovery: Recovery, now: datetime) -> None:
    visit.progress[_KEY] = asdict(recovery)
    await sessions.keep(portal, visit, now)
