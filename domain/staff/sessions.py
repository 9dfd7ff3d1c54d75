"""Sessions of the staff. The password opens one without any rights; a second factor gives it those of its person.

The id changes with each proof, and is derived from the former cookie and what was shown: so the same press sent again
is led on, and nobody who only knows the former cookie (domain/sessions.py does the same for customers).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from db import staff, staff_sessions
from db.engine import transaction
from db.staff_sessions import StaffSessionRow
from domain.scope import Scope
from domain.sessions import hash_token
from domain.staff.people import Role

_TOUCH_EVERY = timedelta(minutes=1)
_FORMER_LIFETIME = timedelta(minutes=2)
# How long the password waits for its second factor.
_UNPROVED_LIFETIME = timedelta(minutes=10)


@dataclass
class StaffSession:
    """A session that has not ended. Without `proved_at` it only waits for the second factor, and allows nothing else.

    `token` is set where it is new and must go into the cookie. A `former` one was found by the id it had before.
    """

    id: int
    staff: int
    role: Role
    email: str
    idle_until: datetime
    ends_at: datetime
    proved_at: datetime | None = None
    confirmed_at: datetime | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    token_hash: str = ""
    token: str | None = None
    former: bool = False


async def resume(scope: Scope) -> StaffSession | None:
    """The client's session for a request that only reads."""
    if scope.client.token is None:
        return None
    row = await staff_sessions.find(hash_token(scope.client.token), scope.now)
    session = _session_of(scope, row) if row else None
    if row is not None and session is not None and session.proved_at and scope.now - row["seen_at"] >= _TOUCH_EVERY:
        await touch(scope, session)
    return session


async def touch(scope: Scope, session: StaffSession) -> datetime:
    """Move the idle end; returns the new one."""
    session.idle_until = _idle_until(scope, session.ends_at)
    await staff_sessions.touch(session.id, scope.now, session.idle_until)
    return session.idle_until


async def lock(scope: Scope) -> StaffSession | None:
    """The client's session, locked in a transaction, and its person's row before it."""
    return await _lock(scope, staff_sessions.find)


async def lock_for_proof(scope: Scope) -> StaffSession | None:
    """Like `lock`; a request that was sent before finds its session by the former id."""
    return await lock(scope) or await _lock(scope, staff_sessions.find_former, former=True)


class _Find(Protocol):
    async def __call__(self, token_hash: str, now: datetime, *, locked: bool = False) -> StaffSessionRow | None: ...


async def _lock(scope: Scope, find: _Find, *, former: bool = False) -> StaffSession | None:
    if scope.client.token is None:
        return None
    token_hash = hash_token(scope.client.token)
    seen = await find(token_hash, scope.now)
    if seen is None:
        return None
    await staff.lock(seen["staff"])
    row = await find(token_hash, scope.now, locked=True)
    return _session_of(scope, row, former=former) if row else None


async def begin(scope: Scope, person: int, credentials: int, progress: dict[str, Any]) -> StaffSession:
    """A session without rights and with a random id, whichever cookie the client has sent. Its former one ends."""
    async with transaction():
        former = await lock(scope)
        if former is not None:
            await staff_sessions.end(former.id)
        row = await staff.get(person)
        assert row is not None
        token, ends_at = secrets.token_urlsafe(32), scope.now + _UNPROVED_LIFETIME
        number = await staff_sessions.add(
            {
                "staff": person,
                "token_hash": hash_token(token),
                "progress_sealed": scope.seal(progress),
                "credentials": credentials,
                "created_at": scope.now,
                "seen_at": scope.now,
                "idle_until": ends_at,
                "ends_at": ends_at,
                "ip": scope.client.ip,
                "user_agent": scope.client.user_agent[:300],
            }
        )
        return StaffSession(
            number, person, Role(row["role"]), scope.unseal(row["email_sealed"]), ends_at, ends_at,
            progress=progress, token=token,
        )  # fmt: skip


async def save(scope: Scope, session: StaffSession) -> None:
    """Save the progress; the caller holds the session's lock."""
    await staff_sessions.save(session.id, scope.seal(session.progress))


async def prove(scope: Scope, session: StaffSession, proof: str) -> StaffSession:
    """A second factor was shown: the session gets its rights, or was confirmed, and has another id from now on."""
    if session.proved_at is None:
        session.proved_at = scope.now
        session.ends_at = scope.now + timedelta(seconds=scope.settings.staff_session_lifetime)
    else:
        session.confirmed_at = scope.now
    session.idle_until = _idle_until(scope, session.ends_at)
    row = await staff.get(session.staff)
    assert row is not None
    session.token = _derived(scope, proof)[0]
    await staff_sessions.prove(
        session.id,
        hash_token(session.token),
        scope.now + _FORMER_LIFETIME,
        proved_at=session.proved_at,
        confirmed_at=session.confirmed_at,
        idle_until=session.idle_until,
        ends_at=session.ends_at,
        credentials=row["credentials"],
    )
    await save(scope, session)
    return session


def proved_before(scope: Scope, session: StaffSession, proof: str) -> StaffSession | None:
    """The session where this same request has proved it a moment ago; None for any other proof."""
    for token in _derived(scope, proof):
        if session.former and hash_token(token) == session.token_hash:
            session.token = token
            return session
    return None


def is_confirmed(scope: Scope, session: StaffSession) -> bool:
    """Whether a second factor was shown, after the sign-in, a short while ago."""
    limit = timedelta(seconds=scope.settings.staff_again)
    return session.confirmed_at is not None and scope.now - session.confirmed_at <= limit


def _derived(scope: Scope, proof: str) -> tuple[str, ...]:
    return scope.keyed_hashes("staff session token", f"{scope.client.token}\0{proof}")


def _idle_until(scope: Scope, ends_at: datetime) -> datetime:
    return min(ends_at, scope.now + timedelta(seconds=scope.settings.staff_session_idle))


def _session_of(scope: Scope, row: StaffSessionRow, *, former: bool = False) -> StaffSession | None:
    try:
        progress, email = scope.unseal(row["progress_sealed"]), scope.unseal(row["email_sealed"])
    except ValueError:
        # KABINET_SECRET has been changed.
        return None
    return StaffSession(
        id=row["id"],
        staff=row["staff"],
        role=Role(row["role"]),
        email=email,
        idle_until=row["idle_until"],
        ends_at=row["ends_at"],
        proved_at=row["proved_at"],
        confirmed_at=row["confirmed_at"],
        progress=progress,
        token_hash=row["token_hash"],
        former=former,
    )
