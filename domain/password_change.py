"""What every new password goes through, whichever way it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import customers, journal
from db import sessions as session_rows
from db.engine import transaction
from domain import one_time_codes, outbox, sessions, sign_in
from domain.messages import PasswordChanged, RecoveryCode
from domain.one_time_codes import Purpose
from domain.passwords import unmet_conditions
from domain.portal import Portal
from domain.reauthentication import is_fresh
from domain.refusals import Lost, ProofNeeded
from domain.sessions import Caller, Visit

# A code that allows a new password; any new password voids those that are under way.
RECOVERY = Purpose("recovery", RecoveryCode)


@dataclass(frozen=True)
class UnmetConditions:
    """The password breaks these conditions of domain/passwords.py."""

    conditions: list[str]


def unmet(portal: Portal, password: str, about: Sequence[str]) -> list[str]:
    """Conditions that `password` breaks; `about` is what others know of the customer."""
    settings = portal.settings
    return unmet_conditions(
        password,
        shortest=settings.password_min,
        longest=settings.password_max,
        needs=settings.password_needs,
        about=about,
    )


async def about(portal: Portal, customer: int) -> Sequence[str]:
    """What a customer's password may not contain: phone, names, e-mail, login."""
    row = await customers.get(customer)
    if row is None:
        return ()
    unseal = portal.sealing.unseal
    sealed = [unseal(row[name]) for name in ("phone_sealed", "email_sealed") if row[name]]
    return (*sealed, row["last_name"], row["first_name"], row["patronymic"], row["login"])


async def change(
    portal: Portal, caller: Caller, password: str, now: datetime
) -> Visit | UnmetConditions | Lost | ProofNeeded:
    """Whoever is signed in sets a new one: every other session ends, and this one goes on under another id."""
    customer = await sessions.customer_to_prove(caller, now)
    if customer is None:
        # Signed out, or the cabinet deleted, on another device meanwhile.
        return Lost()
    if conditions := unmet(portal, password, await about(portal, customer)):
        return UnmetConditions(conditions)
    password_hash = await portal.hasher.hash(password)
    proof = f"new password\0{password}"
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is not None and visit.customer is not None:
            if not visit.password_due and not is_fresh(portal, visit, now):
                return ProofNeeded()
            await set_password(portal, caller, visit.customer, password_hash, now, but=visit.id)
            await journal.add(now, "password-changed", visit.customer, caller.ip, caller.user_agent)
            await sessions.authenticate(visit, now)
            visit.password_due = False
            return await sessions.renew(portal, caller, visit, proof, now)
    return await _changed_before(portal, caller, customer, password, proof, now)


async def _changed_before(
    portal: Portal, caller: Caller, customer: int, password: str, proof: str, now: datetime
) -> Visit | Lost:
    """The same press again: whoever knows the password it has set is led to the session it has led to."""
    row = await customers.get(customer)
    if row is None:
        return Lost()
    phone = portal.sealing.unseal(row["phone_sealed"])
    if await sign_in.judge(portal, caller, phone, row, password, now):
        return Lost()
    async with transaction():
        visit = await sessions.lock_for_proof(portal, caller, now)
        if visit is None or not visit.former or not await sign_in.still_judged(row):
            return Lost()
        return await sessions.renewed(portal, caller, proof, now) or Lost()


async def set_password(
    portal: Portal, caller: Caller, customer: int, password_hash: str, now: datetime, *, but: int | None = None
) -> None:
    """Save it, end all sessions `but` one, tell the customer. Part of the caller's transaction.

    Whatever else was granted under the former one, codes and links under way among it, is void with it.
    """
    await customers.lock(customer)
    await customers.set_password(customer, password_hash)
    await session_rows.end_all(customer, but)
    row = await customers.get(customer)
    assert row is not None
    await one_time_codes.void(portal, RECOVERY, portal.sealing.unseal(row["phone_sealed"]), now)
    if row["email_sealed"]:
        at = now.astimezone(portal.settings.zone).isoformat(timespec="minutes")
        link = f"{portal.settings.public_url}/sign-in/phone"
        message = PasswordChanged(row["first_name"], at, link)
        await outbox.post(portal, message, portal.sealing.unseal(row["email_sealed"]), now, caller.language)
