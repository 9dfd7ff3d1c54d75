"""Who acts, judged again in the transaction that writes: meanwhile a session may have ended, or a person be removed."""

from __future__ import annotations

from domain.scope import Scope
from domain.staff import sessions
from domain.staff.people import Role
from domain.staff.sessions import StaffSession


async def actor(scope: Scope, role: Role = Role.OPERATOR) -> StaffSession | None:
    """The session of who acts, locked with its person's row; None where it does not allow this (any more)."""
    session = await sessions.lock(scope)
    if session is None or session.proved_at is None or (role is Role.ADMIN and session.role is not Role.ADMIN):
        return None
    return session
