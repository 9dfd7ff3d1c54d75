"""What every new password goes through, whichever way it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from db import customers, journal
from db import sessions as session_rows
from db.engine import transaction
from domain import outbox, reauthentication, sessions
from domain.messages import PasswordChanged
from domain.passwords import unmet_conditions
from domain.portal import Portal
from domain.refusals import Code, Lost, Refused
from domain.sessions import Caller, Visit

# The field of the current password; `password` is the new one.
CURRENT = "current_password"


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
    return _about(portal, row) if row is not None else ()


def _about(portal: Portal, row: dict[str, Any]) -> Sequence[str]:
    unseal = portal.sealing.unseal
    sealed = [unseal(row[name]) for name in ("phone_sealed", "email_sealed") if row[name]]
    return (*sealed, row["last_name"], row["first_name"], row["patronymic"], row["login"])


async def change(
    portal: Portal, caller: Caller, customer: int, password: str, now: datetime, *, current: str | None
) -> Visit | UnmetConditions | list[Refused] | Lost:
    """Whoever is signed in sets a new one: every session ends, the returned visit is the only one left.

    `current` is the password they have, judged and counted as a sign-in is. It is None where there is none: that of
    the SMS is spent by the sign-in that led here.
    """
    row = await customers.get(customer)
    if row is None:
        return Lost()
    if conditions := unmet(portal, password, _about(portal, row)):
        return UnmetConditions(conditions)
    if current is not None and (refused := await reauthentication.judge(portal, caller, row, current, now)):
        return [replace(one, field=CURRENT) for one in refused]
    password_hash = await portal.hasher.hash(password)
    async with transaction():
        locked = await customers.lock(customer)
        visit = await sessions.lock(portal, caller, now)
        if visit is None or locked is None:
            # Signed out, or the cabinet deleted, on another device meanwhile.
            return Lost()
        if current is not None and locked["password_hash"] != row["password_hash"]:
            # Changed on another device since it was judged: what was typed is the current one no more.
            return [Refused(Code.SIGN_IN_WRONG, CURRENT)]
        await set_password(portal, caller, customer, password_hash, now)
        await journal.add(now, "password-changed", customer, caller.ip, caller.user_agent)
        return await sessions.begin(portal, caller, now, customer=customer, remembered=visit.remembered)


async def set_password(portal: Portal, caller: Caller, customer: int, password_hash: str, now: datetime) -> None:
    """Save it, end all sessions, tell the customer. Part of the caller's transaction."""
    await customers.set_password(customer, password_hash)
    await session_rows.end_all(customer)
    row = await customers.get(customer)
    if row is not None and row["email_sealed"]:
        at = now.astimezone(portal.settings.zone).isoformat(timespec="minutes")
        link = f"{portal.settings.public_url}/sign-in/phone"
        message = PasswordChanged(row["first_name"], at, link)
        await outbox.post(portal, message, portal.sealing.unseal(row["email_sealed"]), now, caller.language)
