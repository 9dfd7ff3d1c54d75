"""The last step of a registration by account: the password makes the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from db import connection_requests, consents, customers, registry
from domain import journal, sessions
from domain.journey import take_step
from domain.profile import attached_accounts
from domain.proofs import email_confirmation
from domain.refusals import SessionExpired, WrongStep
from domain.registration.by_account import NotNow
from domain.registration.progress import (
    REGISTRATION,
    BillSearch,
    KnownPhone,
    Registered,
    Registration,
    end_for_known_phone,
)
from domain.scope import Scope
from domain.sessions import Session
from domain.sign_in import by_password
from domain.sign_in.password_change import BrokenRules, broken_rules


def rules_broken_by(scope: Scope, progress: Registration, password: str) -> list[str]:
    """The rules that `password` breaks for the person who registers."""
    person = progress.person
    about = (person.last_name, person.first_name, person.patronymic, person.email) if person else ()
    return broken_rules(scope, password, (progress.number, *about))


async def register(scope: Scope, password: str) -> Session | KnownPhone | BrokenRules | NotNow:
    """Make the customer, attach the account, send the link to the e-mail, and sign in with a new session."""
    session = await sessions.resume(scope)
    if session is None:
        return SessionExpired()
    progress = REGISTRATION.progress(session)
    if progress.password is None:
        if not REGISTRATION.may_take(progress, "password", scope.now):
            return _wrong_step(session, progress)
        if broken := rules_broken_by(scope, progress, password):
            return BrokenRules(broken)
        password_hash = await scope.hasher.hash(password)

        async def make(locked: Session, locked_progress: Registration) -> Session | KnownPhone | WrongStep:
            return await _make_customer(scope, locked, locked_progress, password_hash)

        outcome = await take_step(scope, REGISTRATION, "password", make)
        if not isinstance(outcome, WrongStep):
            return outcome
        # Another press of this button, or another step, was faster.
        session = await sessions.resume(scope)
        progress = REGISTRATION.progress(session)
    if progress.password is not None:
        return await _sign_in_again(scope, progress.password.customer, password)
    return _wrong_step(session, progress)


def _wrong_step(session: Session | None, progress: Registration) -> KnownPhone | WrongStep:
    return KnownPhone(progress.known_phone, session) if progress.known_phone else WrongStep()


async def _make_customer(
    scope: Scope, session: Session, progress: Registration, password_hash: str
) -> Session | KnownPhone | WrongStep:
    phone, code, address, person = progress.phone, progress.code, progress.address, progress.person
    assert phone is not None
    assert code is not None
    assert address is not None
    assert person is not None
    if progress.bill is None or await registry.account(address.account, progress.bill.bill.period) is None:
        return await _without_account(scope, session, progress)
    customer = await customers.add(
        {
            "phone_hash": scope.phone_hash(phone.number),
            "phone_sealed": scope.seal(phone.number),
            "last_name": person.last_name,
            "first_name": person.first_name,
            "patronymic": person.patronymic,
            "birth_date": date.fromisoformat(person.birth_date),
            "email_hash": scope.email_hash(person.email),
            "email_sealed": scope.seal(person.email),
            "password_hash": password_hash,
            "registered_at": scope.now,
        },
        scope.phone_hashes(phone.number)[1:],
    )
    if customer is None:
        # Another session has registered the same phone at the same moment.
        outcome = end_for_known_phone(session, phone.number)
        await sessions.save(scope, session)
        return outcome
    await customers.attach_account(customer, address.account, scope.now)
    await connection_requests.end_offers(scope.phone_hashes(phone.number))
    await attached_accounts.tell_others(scope, customer, address.account)
    await consents.give_to(code.consent, customer)
    await email_confirmation.send_link(scope, customer, person.first_name, person.email)
    await journal.note(scope, "registered", customer)
    session.progress = {}
    REGISTRATION.put(session, Registration(password=Registered(customer)))
    await sessions.finish(scope, session)
    return await sessions.begin(scope, customer=customer)


async def _without_account(scope: Scope, session: Session, progress: Registration) -> WrongStep:
    """Back to the bill: an import has removed the account meanwhile, or it has another owner."""
    assert progress.bill is not None
    await REGISTRATION.save(scope, session, REGISTRATION.redo(progress, "bill", BillSearch(progress.bill.bill)))
    return WrongStep()


async def _sign_in_again(scope: Scope, customer: int, password: str) -> Session | WrongStep:
    """For the last POST sent again, because its answer was lost.

    It is a sign-in: only the same password opens a session, and wrong ones are counted.
    """
    row = await customers.get(customer)
    if row is None:
        return WrongStep()
    # Without the token, so that the finished session stays for its ten minutes, in case this answer is lost too.
    unknown = replace(scope, client=replace(scope.client, token=None))
    session_of_customer = await by_password.by_phone(unknown, scope.unseal(row["phone_sealed"]), password, consent=None)
    return session_of_customer if isinstance(session_of_customer, Session) else WrongStep()
