"""The last step of a registration by account: the password makes the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db import consents, customers, journal, registry
from db.engine import transaction
from domain import sessions
from domain.profile import attached_accounts
from domain.proofs import email_confirmation
from domain.refusals import KnownPhone, SessionExpired, WrongStep
from domain.registration.by_account import record_consent
from domain.registration.progress import (
    Registration,
    end_for_known_phone,
    may_take,
    only,
    put_into,
    registration_of,
    wrong_step,
)
from domain.scope import Scope
from domain.sessions import Session
from domain.sign_in import by_password
from domain.sign_in.password_change import BrokenRules, broken_rules


def rules_broken_by(scope: Scope, registration: Registration, password: str) -> list[str]:
    """Conditions that `password` breaks for this person."""
    about = (
        registration.phone,
        registration.last_name,
        registration.first_name,
        registration.patronymic,
        registration.email,
    )
    return broken_rules(scope, password, about)


async def register(scope: Scope, password: str) -> Session | KnownPhone | BrokenRules | SessionExpired | WrongStep:
    """Make the customer, attach the account, send the e-mail link and sign in: the returned session is new."""
    session = await sessions.resume(scope)
    if session is None:
        return SessionExpired()
    registration = registration_of(session)
    if registration.customer:
        return await _enter_again(scope, registration, password)
    if not may_take(registration, "password"):
        return wrong_step(session)
    if conditions := rules_broken_by(scope, registration, password):
        return BrokenRules(conditions)
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return SessionExpired()
        registration = registration_of(session)
        if not registration.customer:
            if not may_take(registration, "password"):
                return wrong_step(session)
            if await registry.account(registration.account) is None:
                return await _without_account(scope, session, registration)
            return await _make_customer(scope, session, registration, password_hash)
    return await _enter_again(scope, registration, password)


async def _make_customer(
    scope: Scope,
    session: Session,
    registration: Registration,
    password_hash: str,
) -> Session | KnownPhone:
    phone_hash = scope.phone_hash(registration.phone)
    customer = await customers.add(
        {
            "phone_hash": phone_hash,
            "phone_sealed": scope.seal(registration.phone),
            "last_name": registration.last_name,
            "first_name": registration.first_name,
            "patronymic": registration.patronymic,
            "birth_date": datetime.fromisoformat(registration.birth_date).date(),
            "email_hash": scope.email_hash(registration.email),
            "email_sealed": scope.seal(registration.email),
            "password_hash": password_hash,
            "registered_at": scope.now,
        }
    )
    if customer is None:
        # Another session of the same phone was faster.
        outcome = end_for_known_phone(session, registration.phone)
        await sessions.save(scope, session)
        return outcome
    await customers.attach_account(customer, registration.account, scope.now)
    await attached_accounts.tell_others(scope, customer, registration.account)
    # A registration begun before the portal was brought up to date has none yet.
    consent = registration.consent or await record_consent(scope, registration, customer)
    await consents.give_to(consent, customer)
    await email_confirmation.send_link(scope, customer, registration.first_name, registration.email)
    await journal.add(scope.now, "registered", customer, scope.client.ip, scope.client.user_agent)
    await sessions.finish(scope, session, only(Registration(customer=customer)))
    return await sessions.begin(scope, customer=customer)


async def _without_account(scope: Scope, session: Session, registration: Registration) -> WrongStep:
    """An import has removed it meanwhile: back to the bill."""
    registration.account, registration.address_confirmed = 0, False
    put_into(session, registration)
    await sessions.save(scope, session)
    return WrongStep()


async def _enter_again(scope: Scope, registration: Registration, password: str) -> Session | WrongStep:
    """The last POST once more: its answer may have been lost.

    The same password opens a session, no other does, and it is counted as every sign-in is.
    """
    customer = await customers.get(registration.customer)
    if customer is None:
        return WrongStep()
    phone = scope.unseal(customer["phone_sealed"])
    # Without the token: the finished session stays for its ten minutes, for the press after this one.
    unknown = replace(scope, client=replace(scope.client, token=None))
    entered = await by_password.by_phone(unknown, phone, password)
    return entered if isinstance(entered, Session) else WrongStep()
