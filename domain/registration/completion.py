"""The last step of a registration by account: the password makes the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db import consents, customers, journal, registry
from db.engine import transaction
from domain import sessions
from domain.portal import Portal
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
from domain.sessions import Caller, Visit
from domain.sign_in import by_password
from domain.sign_in.password_change import UnmetConditions, unmet
from domain.values.people import fold_email


def unmet_by(portal: Portal, registration: Registration, password: str) -> list[str]:
    """Conditions that `password` breaks for this person."""
    about = (
        registration.phone,
        registration.last_name,
        registration.first_name,
        registration.patronymic,
        registration.email,
    )
    return unmet(portal, password, about)


async def register(
    portal: Portal, caller: Caller, password: str, now: datetime
) -> Visit | KnownPhone | UnmetConditions | Lost | OutOfTurn:
    """Make the customer, attach the account, send the e-mail link and sign in: the returned visit is new."""
    visit = await sessions.resume(portal, caller, now)
    if visit is None:
        return Lost()
    registration = registration_of(visit)
    if registration.customer:
        return await _enter_again(portal, caller, registration, password, now)
    if not may_take(registration, "password"):
        return out_of_turn(visit)
    if conditions := unmet_by(portal, registration, password):
        return UnmetConditions(conditions)
    password_hash = await portal.hasher.hash(password)
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return Lost()
        registration = registration_of(visit)
        if not registration.customer:
            if not may_take(registration, "password"):
                return out_of_turn(visit)
            if await registry.account(registration.account) is None:
                return await _without_account(portal, visit, registration, now)
            return await _make_customer(portal, caller, visit, registration, password_hash, now)
    return await _enter_again(portal, caller, registration, password, now)


async def _make_customer(
    portal: Portal,
    caller: Caller,
    visit: Visit,
    registration: Registration,
    password_hash: str,
    now: datetime,
) -> Visit | KnownPhone:
    sealing = portal.sealing
    phone_hash = sealing.keyed_hash("phone", registration.phone)
    customer = await customers.add(
        {
            "phone_hash": phone_hash,
            "phone_sealed": sealing.seal(registration.phone),
            "last_name": registration.last_name,
            "first_name": registration.first_name,
            "patronymic": registration.patronymic,
            "birth_date": datetime.fromisoformat(registration.birth_date).date(),
            "email_hash": sealing.keyed_hash("email", fold_email(registration.email)),
            "email_sealed": sealing.seal(registration.email),
            "password_hash": password_hash,
            "registered_at": now,
        }
    )
    if customer is None:
        # Another session of the same phone was faster.
        outcome = end_for_known_phone(visit, registration.phone)
        await sessions.keep(portal, visit, now)
        return outcome
    await customers.attach_account(customer, registration.account, now)
    await attached_accounts.tell_others(portal, customer, registration.account, now)
    # A registration begun before the portal was brought up to date has none yet.
    consent = registration.consent or await record_consent(portal, registration, customer)
    await consents.give_to(consent, customer)
    await email_confirmation.send_link(portal, caller, customer, registration.first_name, registration.email, now)
    await journal.add(now, "registered", customer, caller.ip, caller.user_agent)
    await sessions.finish(portal, visit, only(Registration(customer=customer)), now)
    return await sessions.begin(portal, caller, now, customer=customer)


async def _without_account(portal: Portal, visit: Visit, registration: Registration, now: datetime) -> OutOfTurn:
    """An import has removed it meanwhile: back to the bill."""
    registration.account, registration.address_confirmed = 0, False
    put_into(visit, registration)
    await sessions.keep(portal, visit, now)
    return OutOfTurn()


async def _enter_again(
    portal: Portal, caller: Caller, registration: Registration, password: str, now: datetime
) -> Visit | OutOfTurn:
    """The last POST once more: its answer may have been lost.

    The same password opens a session, no other does, and it is counted as every sign-in is.
    """
    customer = await customers.get(registration.customer)
    if customer is None:
        return OutOfTurn()
    phone = portal.sealing.unseal(customer["phone_sealed"])
    # Without the token: the finished session stays for its ten minutes, for the press after this one.
    entered = await by_password.by_phone(portal, replace(caller, token=None), phone, password, now)
    return entered if isinstance(entered, Visit) else OutOfTurn()
