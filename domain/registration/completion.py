"""The last step of a registration by account: the password makes the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db import consents, customers, journal, registry
from db.engine import transaction
from domain import sessions
from domain.profile import attached_accounts
from domain.proofs import email_confirmation
from domain.refusals import KnownPhone, Lost, OutOfTurn
from domain.registration.by_account import record_consent
from domain.registration.progress import (
    Registration,
    end_for_known_phone,
    may_take,
    only,
    out_of_turn,
    put_into,
    registration_of,
)
from domain.scope import Scope
from domain.sessions import Visit
from domain.sign_in import by_password
from domain.sign_in.password_change import UnmetConditions, unmet


def unmet_by(scope: Scope, registration: Registration, password: str) -> list[str]:
    """Conditions that `password` breaks for this person."""
    about = (
        registration.phone,
        registration.last_name,
        registration.first_name,
        registration.patronymic,
        registration.email,
    )
    return unmet(scope, password, about)


async def register(scope: Scope, password: str) -> Visit | KnownPhone | UnmetConditions | Lost | OutOfTurn:
    """Make the customer, attach the account, send the e-mail link and sign in: the returned visit is new."""
    visit = await sessions.resume(scope)
    if visit is None:
        return Lost()
    registration = registration_of(visit)
    if registration.customer:
        return await _enter_again(scope, registration, password)
    if not may_take(registration, "password"):
        return out_of_turn(visit)
    if conditions := unmet_by(scope, registration, password):
        return UnmetConditions(conditions)
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        visit = await sessions.lock(scope)
        if visit is None:
            return Lost()
        registration = registration_of(visit)
        if not registration.customer:
            if not may_take(registration, "password"):
                return out_of_turn(visit)
            if await registry.account(registration.account) is None:
                return await _without_account(scope, visit, registration)
            return await _make_customer(scope, visit, registration, password_hash)
    return await _enter_again(scope, registration, password)


async def _make_customer(
    scope: Scope,
    visit: Visit,
    registration: Registration,
    password_hash: str,
) -> Visit | KnownPhone:
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
        outcome = end_for_known_phone(visit, registration.phone)
        await sessions.keep(scope, visit)
        return outcome
    await customers.attach_account(customer, registration.account, scope.now)
    await attached_accounts.tell_others(scope, customer, registration.account)
    # A registration begun before the portal was brought up to date has none yet.
    consent = registration.consent or await record_consent(scope, registration, customer)
    await consents.give_to(consent, customer)
    await email_confirmation.send_link(scope, customer, registration.first_name, registration.email)
    await journal.add(scope.now, "registered", customer, scope.client.ip, scope.client.user_agent)
    await sessions.finish(scope, visit, only(Registration(customer=customer)))
    return await sessions.begin(scope, customer=customer)


async def _without_account(scope: Scope, visit: Visit, registration: Registration) -> OutOfTurn:
    """An import has removed it meanwhile: back to the bill."""
    registration.account, registration.address_confirmed = 0, False
    put_into(visit, registration)
    await sessions.keep(scope, visit)
    return OutOfTurn()


async def _enter_again(scope: Scope, registration: Registration, password: str) -> Visit | OutOfTurn:
    """The last POST once more: its answer may have been lost.

    The same password opens a session, no other does, and it is counted as every sign-in is.
    """
    customer = await customers.get(registration.customer)
    if customer is None:
        return OutOfTurn()
    phone = scope.unseal(customer["phone_sealed"])
    # Without the token: the finished session stays for its ten minutes, for the press after this one.
    unknown = replace(scope, client=replace(scope.client, token=None))
    entered = await by_password.by_phone(unknown, phone, password)
    return entered if isinstance(entered, Visit) else OutOfTurn()
