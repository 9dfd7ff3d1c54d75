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
from domain.refusals import Code, Lost, OutOfTurn, ProofNeeded, Refused
from domain.scope import Scope
from domain.sessions import Visit, is_fresh
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


async def begin(scope: Scope, phone: str) -> Visit | Refused | Lost | ProofNeeded:
    async with transaction():
        visit = await sessions.lock(scope)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        if not is_fresh(scope, visit):
            return ProofNeeded()
        at = await _send(scope, visit.customer, phone)
        if at is not None and not await one_time_codes.is_under_way(scope, PURPOSE, phone):
            return Refused(Code.RESEND_EARLY, "phone", at)
        if at is None:
            await _note_request(scope, visit.customer)
        return await _keep(scope, visit, phone)


async def send_another_code(scope: Scope) -> Visit | Refused | Lost | OutOfTurn | ProofNeeded:
    """«Отправить код еще раз»: a change that has lapsed begins anew."""
    async with transaction():
        visit = await sessions.lock(scope)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        change = change_of(visit)
        if change is None:
            return OutOfTurn()
        holds = change.holds(visit, scope.now)
        if not holds and not is_fresh(scope, visit):
            return ProofNeeded()
        at = await _send(scope, visit.customer, change.phone)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        await _note_request(scope, visit.customer)
        return visit if holds else await _keep(scope, visit, change.phone)


async def _send(scope: Scope, customer: int, phone: str) -> datetime | None:
    return await one_time_codes.send(scope, PURPOSE, phone, also=sms_limits.of_changer(scope, customer))


async def _note_request(scope: Scope, customer: int) -> None:
    """In the journal of whoever asked; that of the new number's owner, if it has one, is written with the code."""
    await journal.add(scope.now, "code-requested", customer, scope.client.ip, scope.client.user_agent, PURPOSE.name)


async def confirm(scope: Scope, typed: str) -> Visit | list[Refused] | Lost | OutOfTurn:
    """Replace the number. That it is somebody else's is learned only behind its code."""
    async with transaction():
        visit = await sessions.lock_for_proof(scope)
        row = await customers.get(visit.customer) if visit is not None and visit.customer is not None else None
        if visit is None or row is None or visit.password_due:
            return Lost()
        change = change_of(visit)
        if visit.former:
            return await _confirmed_before(scope, scope.unseal(row["phone_sealed"]), typed)
        if change is None:
            return OutOfTurn()
        if not change.holds(visit, scope.now):
            return [Refused(Code.CODE_LAPSED, "code")]
        verdict = await one_time_codes.judge(scope, PURPOSE, change.phone, typed)
        if verdict not in {Verdict.CORRECT, Verdict.REPEATED}:
            return refused_code(verdict)
        holder = await customers.by_phone(scope.phone_hash(change.phone))
        if holder is not None and holder["id"] != visit.customer:
            return [Refused(Code.PHONE_TAKEN, "code")]
        if holder is None and not await _replace(scope, row, visit, change.phone):
            # Somebody has registered by it at this very moment.
            return [Refused(Code.PHONE_TAKEN, "code")]
        del visit.progress[_KEY]
        visit = await sessions.renew(scope, visit, proof_of(PURPOSE, change.phone, typed))
        await sessions.keep(scope, visit)
        return visit


async def _confirmed_before(scope: Scope, phone: str, typed: str) -> Visit | Lost:
    """The same press again: its answer, and with it the session's new id, may have been lost."""
    verdict = await one_time_codes.judge(scope, PURPOSE, phone, typed)
    if verdict is not Verdict.REPEATED:
        return Lost()
    return await sessions.renewed(scope, proof_of(PURPOSE, phone, typed)) or Lost()


async def _replace(scope: Scope, row: dict[str, Any], visit: Visit, phone: str) -> bool:
    """What was granted under the former number ends with it, but not that this session has typed the password."""
    assert visit.customer is not None
    former = scope.unseal(row["phone_sealed"])
    phone_hash = scope.phone_hash(phone)
    if not await customers.set_phone(visit.customer, phone_hash, scope.seal(phone)):
        return False
    await sessions.authenticate(visit, visit.authenticated_at)
    await void_recoveries(scope, row)
    await outbox.post(scope, PhoneChanged(mask_phone(phone)), former, scope.client.language)
    await journal.add(scope.now, "phone-changed", visit.customer, scope.client.ip, scope.client.user_agent)
    return True


async def _keep(scope: Scope, visit: Visit, phone: str) -> Visit:
    until = (scope.now + GRANT_LIFETIME).isoformat()
    visit.progress[_KEY] = asdict(NewPhone(phone, visit.credentials, until))
    await sessions.keep(scope, visit)
    return visit
