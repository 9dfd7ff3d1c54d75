"""A new phone: a code to the new one, a notice to the old one."""

from __future__ import annotations

from datetime import datetime

from db import customers, journal
from db.engine import transaction
from domain import one_time_codes, outbox, sessions
from domain.messages import PhoneChangeCode, PhoneChanged
from domain.one_time_codes import Purpose, Verdict, refused_code
from domain.phones import mask_phone
from domain.portal import Portal
from domain.refusals import Code, Lost, OutOfTurn, Refused
from domain.sessions import Caller, Visit

PURPOSE = Purpose("phone-change", PhoneChangeCode)
_KEY = "new_phone"


def new_phone_of(visit: Visit | None) -> str:
    """The number that waits for its code, or empty."""
    return str(visit.progress.get(_KEY, "")) if visit else ""


async def begin(portal: Portal, caller: Caller, phone: str, now: datetime) -> Visit | Refused | Lost:
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None or visit.customer is None:
            return Lost()
        at = await one_time_codes.send(portal, PURPOSE, phone, caller, now)
        if at is not None and not await one_time_codes.is_under_way(portal, PURPOSE, phone, now):
            return Refused(Code.RESEND_EARLY, "phone", at)
        if at is None:
            await _note_request(caller, visit.customer, now)
        visit.progress[_KEY] = phone
        await sessions.keep(portal, visit, now)
        return visit


async def send_another_code(portal: Portal, caller: Caller, now: datetime) -> Visit | Refused | Lost | OutOfTurn:
    """«Отправить код еще раз»."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None or visit.customer is None:
            return Lost()
        phone = new_phone_of(visit)
        if not phone:
            return OutOfTurn()
        at = await one_time_codes.send(portal, PURPOSE, phone, caller, now)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        await _note_request(caller, visit.customer, now)
        return visit


async def _note_request(caller: Caller, customer: int, now: datetime) -> None:
    """In the journal of whoever asked; that of the new number's owner, if it has one, is written with the code."""
    await journal.add(now, "code-requested", customer, caller.ip, caller.user_agent, PURPOSE.name)


async def confirm(
    portal: Portal, caller: Caller, typed: str, now: datetime
) -> Visit | list[Refused] | Lost | OutOfTurn:
    """Replace the number. That it is somebody else's is learned only behind its code."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None or visit.customer is None:
            return Lost()
        phone = new_phone_of(visit)
        if not phone:
            return OutOfTurn()
        verdict = await one_time_codes.judge(portal, PURPOSE, phone, typed, now)
        if verdict is not Verdict.CORRECT:
            return refused_code(verdict)
        row = await customers.get(visit.customer)
        assert row is not None
        phone_hash = portal.sealing.keyed_hash("phone", phone)
        holder = await customers.by_phone(phone_hash)
        if holder is not None and holder["id"] != visit.customer:
            return [Refused(Code.PHONE_TAKEN, "code")]
        if holder is None:
            if not await customers.set_phone(visit.customer, phone_hash, portal.sealing.seal(phone)):
                # Somebody has registered by it at this very moment.
                return [Refused(Code.PHONE_TAKEN, "code")]
            notice = PhoneChanged(mask_phone(phone))
            await outbox.post(portal, notice, portal.sealing.unseal(row["phone_sealed"]), now, caller.language)
            await journal.add(now, "phone-changed", visit.customer, caller.ip, caller.user_agent)
        del visit.progress[_KEY]
        await sessions.keep(portal, visit, now)
        return visit
