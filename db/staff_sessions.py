"""Sessions of the staff, in a table of their own: a customer's session is never one."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from db.engine import fetch_one, for_update, run
from db.tables import StaffSession

# A person who was removed, or whose credentials have changed, has no session any more.
_ROW = (
    "SELECT s.id, s.staff, p.role, p.email_sealed, s.token_hash, s.progress_sealed, s.proved_at, s.confirmed_at,"
    " s.seen_at, s.idle_until, s.ends_at FROM staff_sessions s JOIN staff p ON p.id = s.staff"
    " WHERE p.removed_at IS NULL AND p.credentials = s.credentials AND s.idle_until > {} AND s.ends_at > {} AND "
)


class StaffSessionRow(TypedDict):
    id: int
    staff: int
    role: str
    email_sealed: str
    token_hash: str
    progress_sealed: str
    proved_at: datetime | None
    confirmed_at: datetime | None
    seen_at: datetime
    idle_until: datetime
    ends_at: datetime


class NewStaffSession(TypedDict):
    staff: int
    token_hash: str
    progress_sealed: str
    credentials: int
    created_at: datetime
    seen_at: datetime
    idle_until: datetime
    ends_at: datetime
    ip: str
    user_agent: str


async def find(token_hash: str, now: datetime, *, locked: bool = False) -> StaffSessionRow | None:
    """The session, if it has not ended; `locked` in a transaction makes its other requests wait."""
    return await fetch_one(StaffSessionRow, _ROW + "s.token_hash = {}" + _locked(locked), now, now, token_hash)


async def find_former(token_hash: str, now: datetime, *, locked: bool = False) -> StaffSessionRow | None:
    """The session that had this id a short while ago."""
    return await fetch_one(
        StaffSessionRow,
        _ROW + "s.former_hash = {} AND s.former_until > {}" + _locked(locked),
        now, now, token_hash, now,
    )  # fmt: skip


def _locked(locked: bool) -> str:
    lock = for_update() if locked else ""
    return f"{lock} OF s" if lock else ""


async def add(values: NewStaffSession) -> int:
    rows = await StaffSession.insert(StaffSession(**values)).returning(StaffSession.id)
    return int(rows[0]["id"])


async def save(session: int, progress_sealed: str) -> None:
    await StaffSession.update({StaffSession.progress_sealed: progress_sealed}).where(StaffSession.id == session)


async def touch(session: int, now: datetime, idle_until: datetime) -> None:
    await StaffSession.update({StaffSession.seen_at: now, StaffSession.idle_until: idle_until}).where(
        StaffSession.id == session
    )


async def prove(
    session: int,
    token_hash: str,
    former_until: datetime,
    *,
    proved_at: datetime,
    confirmed_at: datetime | None,
    idle_until: datetime,
    ends_at: datetime,
    credentials: int,
) -> None:
    """The session has shown a second factor: it gets another id, and the former one is remembered for a while."""
    await run(
        "UPDATE staff_sessions SET former_hash = token_hash, former_until = {}, token_hash = {}, proved_at = {},"
        " confirmed_at = {}, idle_until = {}, ends_at = {}, credentials = {} WHERE id = {}",
        former_until, token_hash, proved_at, confirmed_at, idle_until, ends_at, credentials, session,
    )  # fmt: skip


async def end(session: int) -> None:
    await StaffSession.delete().where(StaffSession.id == session)


async def end_all(staff: int, but: int = 0) -> None:
    await StaffSession.delete().where(StaffSession.staff == staff, StaffSession.id != but)


async def sweep(now: datetime) -> None:
    await StaffSession.delete().where((StaffSession.ends_at <= now) | (StaffSession.idle_until <= now))
