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
from domain.portal import Portal
from domain.proofs import one_time_codes, sms_limits
from domain.proofs.one_time_codes import Purpose, Verdict, proof_of, refused_code
from domain.refusals import Code, Lost, OutOfTurn, ProofNeeded, Refused
from domain.sessions import Caller, Visit, is_fresh
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

    def holds(self, visit: Visit, now: datetime) -> bool:
        return self.credentials == visit.credentials and now < datetime.fromisoformat(self.until)


def change_of(visit: Visit | None) -> NewPhone | None:
    known = visit.progress.get(_KEY) if visit else None
    if not isinstance(known, dict) or not {"phone", "credentials", "until"} <= known.keys():
        return None
    return NewPhone(known["phone"], known["credentials"], known["until"])


async def begin(portal: Portal, caller: Caller, phone: str, now: datetime) -> Visit | Refused | Lost | ProofNeeded:
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        if not is_fresh(portal, visit, now):
            return ProofNeeded()
        at = await _send(portal, caller, visit.customer, phone, now)
        if at is not None and not await one_time_codes.is_under_way(portal, PURPOSE, phone, now):
            return Refused(Code.RESEND_EARLY, "phone", at)
        if at is None:
            await _note_request(caller, visit.customer, now)
        return await _keep(portal, visit, phone, now)


async def send_another_code(
    portal: Portal, caller: Caller, now: datetime
) -> Visit | Refused | Lost | OutOfTurn | ProofNeeded:
    """«Отправить код еще раз»: a change that has lapsed begins anew."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        change = change_of(visit)
        if change is None:
            return OutOfTurn()
        holds = change.holds(visit, now)
        if not holds and not is_fresh(portal, visit, now):
            return ProofNeeded()
        at = await _send(portal, caller, visit.customer, change.phone, now)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        await _note_request(caller, visit.customer, now)
        return visit if holds else await _keep(portal, visit, change.phone, now)


async def _send(portal: Portal, caller: Caller, customer: int, phone: str, now: datetime) -> datetime | None:
    return await one_time_codes.send(portal, PURPOSE, phone, caller, now, also=sms_limits.of_changer(portal, customer))


async def _note_request(caller: Caller, customer: int, now: datetime) -> None:
    """In the journal of whoever asked; that of the new number's owner, if it has one, is written with the code."""
    await journal.add(now, "code-requested", customer, caller.ip, caller.user_agent, PURPOSE.name)


async def confirm(
    portal: Portal, caller: Caller, typed: str, now: datetime
) -> Visit | list[Refused] | Lost | OutOfTurn:
    """Replace the number. That it is somebody else's is learned only behind its code."""
    async with transaction():
        visit = await sessions.lock_for_proof(portal, caller, now)
        row = await customers.get(visit.customer) if visit is not None and visit.customer is not None else None
        if visit is None or row is None or visit.password_due:
            return Lost()
        change = change_of(visit)
        if visit.former:
            return await _confirmed_before(portal, caller, portal.sealing.unseal(row["phone_sealed"]), typed, now)
        if change is None:
            return OutOfTurn()
        if not change.holds(visit, now):
            return [Refused(Code.CODE_LAPSED, "code")]
        verdict = await one_time_codes.judge(portal, PURPOSE, change.phone, typed, caller, now)
        if verdict not in {Verdict.CORRECT, Verdict.REPEATED}:
            return refused_code(verdict)
        holder = await customers.by_phone(portal.sealing.keyed_hash("phone", change.phone))
        if holder is not None and holder["id"] != visit.customer:
            return [Refused(Code.PHONE_TAKEN, "code")]
        if holder is None and not await _replace(portal, caller, row, visit, change.phone, now):
            # Somebody has registered by it at this very moment.
            return [Refused(Code.PHONE_TAKEN, "code")]
        del visit.progress[_KEY]
        visit = await sessions.renew(portal, caller, visit, proof_of(PURPOSE, change.phone, typed), now)
        await sessions.keep(portal, visit, now)
        return visit


async def _confirmed_before(portal: Portal, caller: Caller, phone: str, typed: str, now: datetime) -> Visit | Lost:
    """The same press again: its answer, and with it the session's new id, may have been lost."""
    verdict = await one_time_codes.judge(portal, PURPOSE, phone, typed, caller, now)
    if verdict is not Verdict.REPEATED:
        return Lost()
    return await sessions.renewed(portal, caller, proof_of(PURPOSE, phone, typed), now) or Lost()


async def _replace(
    portal: Portal, caller: Caller, row: dict[str, Any], visit: Visit, phone: str, now: datetime
) -> bool:
    """What was granted under the former number ends with it, but not that this session has typed the password."""
    assert visit.customer is not None
    former = portal.sealing.unseal(row["phone_sealed"])
    phone_hash = portal.sealing.keyed_hash("phone", phone)
    if not await customers.set_phone(visit.customer, phone_hash, portal.sealing.seal(phone)):
        return False
    await sessions.authenticate(visit, visit.authenticated_at)
    await void_recoveries(portal, row, now)
    await outbox.post(portal, PhoneChanged(mask_phone(phone)), former, now, caller.language)
    await journal.add(now, "phone-changed", visit.customer, caller.ip, caller.user_agent)
    return True


async def _keep(portal: Portal, visit: Visit, phone: str, now: datetime) -> Visit:
    until = (now + GRANT_LIFETIME).isoformat()
    visit.progress[_KEY] = asdict(NewPhone(phone, visit.credentials, until))
    await sessions.keep(portal, visit, now)
    return visit
