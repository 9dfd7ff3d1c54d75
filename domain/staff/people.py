"""Who of the company may sign in, and the link by which each of them begins."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from db import staff, staff_sessions
from db.engine import transaction
from db.staff import StaffRow
from domain.delivery import outbox
from domain.delivery.messages import StaffInvitation
from domain.scope import Scope
from domain.sessions import hash_token
from domain.staff import journal


class Role(StrEnum):
    """An admin may do what an operator may, and more."""

    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """`begun` where password and second factor are set; before that only the link lets the person in."""

    id: int
    email: str
    role: Role
    begun: bool
    added_at: datetime


@dataclass(frozen=True)
class Invited:
    """A person with a link that was just made; the link is good for one use."""

    id: int
    link: str


async def everybody(scope: Scope) -> list[Person]:
    return [_person_of(scope, row) for row in await staff.everybody()]


async def find(scope: Scope, email: str) -> Person | None:
    """By address; nobody who was removed."""
    row = await staff.by_email(scope.email_hashes(email))
    return _person_of(scope, row) if row is not None and row["removed_at"] is None else None


async def get(scope: Scope, person: int) -> Person | None:
    row = await staff.get(person)
    return _person_of(scope, row) if row is not None and row["removed_at"] is None else None


async def add(scope: Scope, email: str, role: Role, by: int | None) -> Invited | None:
    """A new person with a link; None where the address is somebody's already. `by` is None for a command."""
    async with transaction():
        known = await staff.by_email(scope.email_hashes(email))
        if known is not None:
            await staff.set_email_hash(known["id"], scope.email_hash(email))
        number = await staff.add(scope.email_hash(email), scope.seal(email), role, scope.now)
        if number is None:
            return None
        link = await _send_link(scope, number, email)
        await journal.note(scope, "staff-added", by, subject=f"staff {number}, {role}")
        return Invited(number, link)


async def reset(scope: Scope, person: int, by: int | None) -> Invited | None:
    """Take password and second factors away and send a new link; None where there is no such person."""
    async with transaction():
        row = await staff.lock(person)
        if row is None or row["removed_at"] is not None:
            return None
        await _shut_out(person)
        link = await _send_link(scope, person, scope.unseal(row["email_sealed"]))
        await journal.note(scope, "staff-reset", by, subject=f"staff {person}")
        return Invited(person, link)


async def remove(scope: Scope, person: int, by: int | None) -> bool:
    """End everything by which the person gets in. Their row stays: the journal names it."""
    async with transaction():
        row = await staff.lock(person)
        if row is None or row["removed_at"] is not None:
            return False
        await _shut_out(person)
        await staff.forget_link(person)
        await staff.remove(person, scope.now)
        await journal.note(scope, "staff-removed", by, subject=f"staff {person}")
        return True


async def _shut_out(person: int) -> None:
    await staff.set_credentials(person, None, None, 0)
    await staff.forget_passkeys(person)
    await staff.put_recovery_codes(person, ())
    await staff_sessions.end_all(person)


async def _send_link(scope: Scope, person: int, email: str) -> str:
    token, lifetime = secrets.token_urlsafe(32), scope.settings.staff_link_lifetime
    await staff.put_link(person, hash_token(token), scope.now + timedelta(seconds=lifetime))
    link = f"{scope.settings.public_url}/staff/setup/{token}"
    await outbox.post(scope, StaffInvitation(link, lifetime), email)
    return link


def _person_of(scope: Scope, row: StaffRow) -> Person:
    email = scope.unseal(row["email_sealed"])
    return Person(row["id"], email, Role(row["role"]), row["password_hash"] is not None, row["added_at"])
