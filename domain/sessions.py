"""Who is calling, and what the portal remembers of their journeys between two requests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from db import sessions
from domain import device_cookies
from domain.portal import Portal

# A read moves the idle end at most this often: a page must not cost a write.
_TOUCH_EVERY = timedelta(minutes=1)
# How long a session that ended in a sign-in still recognises a repeated last POST.
FINISHED_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Caller:
    """One request's sender: the token of its cookie, if any, what is written into the journal, and the language."""

    token: str | None
    ip: str
    user_agent: str
    language: str = "ru"
    # The cookie of a device that signed in before, as it came (domain/device_cookies.py).
    device: str | None = None


@dataclass
class Visit:
    """A living session. `token` is set only where it has just been made and must go into the cookie."""

    id: int
    customer: int | None
    ends_at: datetime
    idle_until: datetime
    progress: dict[str, Any] = field(default_factory=dict)
    authenticated_at: datetime | None = None
    token: str | None = None
    remembered: bool = False
    # Set where somebody has just signed in: the device's cookie.
    device: str | None = None


def hash_token(token: str) -> str:
    """Tokens are 256 random bits: a plain hash is enough, nothing can be guessed from it."""
    return hashlib.sha256(token.encode()).hexdigest()


async def resume(portal: Portal, caller: Caller, now: datetime) -> Visit | None:
    """The caller's session for a request that only reads."""
    if caller.token is None:
        return None
    row = await sessions.find(hash_token(caller.token), now)
    if row is None:
        return None
    if now - row["seen_at"] >= _TOUCH_EVERY:
        row["idle_until"] = _idle_until(portal, row["ends_at"], row["remembered"], now)
        await sessions.touch(row["id"], now, row["idle_until"])
    return _visit(portal, row)


async def touch(portal: Portal, visit: Visit, now: datetime) -> datetime:
    """Move the idle end, whenever it was moved last; returns the new one."""
    visit.idle_until = _idle_until(portal, visit.ends_at, visit.remembered, now)
    await sessions.touch(visit.id, now, visit.idle_until)
    return visit.idle_until


async def lock(portal: Portal, caller: Caller, now: datetime) -> Visit | None:
    """The caller's session inside a transaction; another request of the same session waits."""
    if caller.token is None:
        return None
    row = await sessions.find(hash_token(caller.token), now, locked=True)
    return _visit(portal, row) if row else None


async def begin(
    portal: Portal, caller: Caller, now: datetime, *, customer: int | None = None, remembered: bool = False
) -> Visit:
    """A new session with an id of the server's making, whatever the client has sent."""
    settings = portal.settings
    token = secrets.token_urlsafe(32)
    lifetime = settings.remember_lifetime if remembered else settings.session_lifetime
    ends_at = now + timedelta(seconds=lifetime)
    idle_until = _idle_until(portal, ends_at, remembered, now)
    authenticated_at = now if customer is not None else None
    identity = await sessions.add(
        {
            "token_hash": hash_token(token),
            "customer": customer,
            "progress_sealed": portal.sealing.seal({}),
            "created_at": now,
            "seen_at": now,
            "idle_until": idle_until,
            "ends_at": ends_at,
            "authenticated_at": authenticated_at,
            "remembered": remembered,
            "ip": caller.ip,
            "user_agent": caller.user_agent[:300],
        }
    )
    device = device_cookies.renewed(portal, caller.device, customer, now) if customer is not None else None
    return Visit(
        identity,
        customer,
        ends_at,
        idle_until,
        authenticated_at=authenticated_at,
        token=token,
        remembered=remembered,
        device=device,
    )


async def keep(portal: Portal, visit: Visit, now: datetime) -> None:
    """Save the progress; the caller holds the session's lock."""
    visit.idle_until = _idle_until(portal, visit.ends_at, visit.remembered, now)
    await sessions.keep(visit.id, portal.sealing.seal(visit.progress), now, visit.idle_until)


async def succeed(
    portal: Portal,
    caller: Caller,
    visit: Visit | None,
    customer: int,
    now: datetime,
    *,
    remembered: bool = False,
) -> Visit:
    """Sign in: a new session, and the one that led here ends."""
    if visit is not None:
        await sessions.end(visit.id)
    return await begin(portal, caller, now, customer=customer, remembered=remembered)


async def finish(portal: Portal, visit: Visit, progress: dict[str, Any], now: datetime) -> None:
    """Keep of a journey only `progress`, and that for ten minutes."""
    visit.progress = progress
    await keep(portal, visit, now)
    await sessions.shorten(visit.id, now + FINISHED_LIFETIME)


def _idle_until(portal: Portal, ends_at: datetime, remembered: bool, now: datetime) -> datetime:
    return ends_at if remembered else min(ends_at, now + timedelta(seconds=portal.settings.session_idle))


def _visit(portal: Portal, row: dict[str, Any]) -> Visit | None:
    try:
        progress = portal.sealing.unseal(row["progress_sealed"])
    except ValueError:
        # KABINET_SECRET has been changed: nothing of the session can be read, and its customer begins anew.
        return None
    return Visit(
        id=row["id"],
        customer=row["customer"],
        ends_at=row["ends_at"],
        idle_until=row["idle_until"],
        progress=progress,
        authenticated_at=row["authenticated_at"],
        remembered=bool(row["remembered"]),
    )
