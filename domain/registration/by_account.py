"""Registration by account up to the password: one function a step, one transaction each.

Every step may be sent twice, at once or again: the second time finds what the first has done and leads on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db import consents, customers, journal
from db.engine import transaction
from domain import sessions
from domain.delivery.messages import RegistrationCode
from domain.proofs import bill_proof, one_time_codes
from domain.proofs.bill_proof import Bill, Further
from domain.proofs.one_time_codes import Purpose, Verdict, proof_of, refused_code
from domain.refusals import Code, KnownPhone, Refused, SessionExpired, WrongStep
from domain.registration.progress import (
    Registration,
    end_for_known_phone,
    may_take,
    phone_to_confirm,
    put_into,
    registration_of,
    wrong_step,
)
from domain.scope import Scope
from domain.sessions import Session

PURPOSE = Purpose("registration", RegistrationCode, "registration")


@dataclass(frozen=True)
class ConsentText:
    """Which text was consented to."""

    version: str
    sha256: str


@dataclass(frozen=True)
class Person:
    """Names cleaned, the birth date ISO, the e-mail normalised."""

    last_name: str
    first_name: str
    patronymic: str
    birth_date: str
    email: str


async def give_phone(scope: Scope, phone: str, consent: ConsentText) -> Session | Refused:
    """Remember the phone and the consent, and send the code. Another phone forgets all that came after the former."""
    async with transaction():
        session = await sessions.lock(scope) or sessions.begin_unproved(scope)
        registration = registration_of(session)
        if registration.customer:
            return session
        if not (registration.phone == phone and registration.phone_confirmed):
            at = await one_time_codes.send(scope, PURPOSE, phone)
            if at is not None and not await one_time_codes.is_under_way(scope, PURPOSE, phone):
                return Refused(Code.RESEND_EARLY, "phone", at)
        if registration.phone != phone:
            registration = Registration(phone=phone)
        if registration.consent_hash != consent.sha256:
            registration.consent_version, registration.consent_hash = consent.version, consent.sha256
            registration.consent_at, registration.consent_ip = scope.now.isoformat(), scope.client.ip
            if registration.phone_confirmed:
                registration.consent = await record_consent(scope, registration, None)
        return await _keep(scope, session, registration)


async def send_another_code(scope: Scope) -> Session | Refused | SessionExpired | WrongStep:
    """«Отправить код еще раз»."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not may_take(registration, "code") or registration.phone_confirmed:
            return WrongStep()
        at = await one_time_codes.send(scope, PURPOSE, registration.phone)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "code", at)
        return await _keep(scope, session, registration)


async def confirm_code(scope: Scope, typed: str) -> Session | KnownPhone | list[Refused] | SessionExpired | WrongStep:
    """Judge the code; only the right one tells whether the number has a customer already."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not session.former and (not may_take(registration, "code") or registration.phone_confirmed):
            return wrong_step(session)
        phone = phone_to_confirm(session)
        verdict = await one_time_codes.judge(scope, PURPOSE, phone, typed)
        proof = proof_of(PURPOSE, phone, typed)
        if verdict is Verdict.REPEATED and (led := await sessions.renewed(scope, proof)):
            outcome = wrong_step(led)
            return outcome if isinstance(outcome, KnownPhone) else led
        if session.former:
            return SessionExpired()
        if verdict is not Verdict.CORRECT:
            return refused_code(verdict)
        session = await sessions.renew(scope, session, proof)
        return await _confirmed(scope, session, registration)


async def _confirmed(scope: Scope, session: Session, registration: Registration) -> Session | KnownPhone:
    known = await customers.by_phone(scope.phone_hash(registration.phone))
    registration.consent = await record_consent(scope, registration, known["id"] if known else None)
    if known is not None:
        await journal.add(
            scope.now, "registration-of-known-phone", known["id"], scope.client.ip, scope.client.user_agent
        )
        outcome = end_for_known_phone(session, registration.phone)
        await sessions.save(scope, session)
        return outcome
    registration.phone_confirmed = True
    return await _keep(scope, session, registration)


async def record_consent(scope: Scope, registration: Registration, customer: int | None) -> int:
    """From when the box was ticked, but not before its phone is confirmed: anyone can type any number.

    It stays whether or not a customer comes of it: what was done with the phone until then was done by this consent.
    """
    return await consents.add(
        {
            "customer": customer,
            "phone_hash": scope.phone_hash(registration.phone),
            "text_version": registration.consent_version,
            "text_hash": registration.consent_hash,
            "given_at": datetime.fromisoformat(registration.consent_at),
            "ip": registration.consent_ip,
        }
    )


async def find_account(
    scope: Scope, bill: Bill, further: Further | None = None
) -> Session | Refused | SessionExpired | WrongStep:
    """Look for the account that has this bill."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not may_take(registration, "bill"):
            return WrongStep()
        if registration.account and bill == _bill_of(registration):
            return session
        for name, value in vars(bill).items():
            setattr(registration, name, value)
        found = await bill_proof.find_account(scope, registration.phone, bill, further)
        registration.not_found = isinstance(found, Refused)
        registration.account = 0 if isinstance(found, Refused) else found["id"]
        registration.address_confirmed = False
        await _keep(scope, session, registration)
        return found if isinstance(found, Refused) else session


async def confirm_address(scope: Scope, *, mine: bool) -> Session | SessionExpired | WrongStep:
    """«Да» goes on, «Нет» goes back to the bill with what was typed kept."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not may_take(registration, "address"):
            return WrongStep()
        registration.address_confirmed = mine
        if not mine:
            registration.account = 0
        return await _keep(scope, session, registration)


async def give_person(scope: Scope, person: Person) -> Session | SessionExpired | WrongStep:
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not may_take(registration, "person"):
            return WrongStep()
        for name, value in vars(person).items():
            setattr(registration, name, value)
        return await _keep(scope, session, registration)


async def _keep(scope: Scope, session: Session, registration: Registration) -> Session:
    put_into(session, registration)
    await sessions.save(scope, session)
    return session


def _bill_of(registration: Registration) -> Bill:
    return Bill(registration.period, registration.account_number, registration.amount_kopecks)
