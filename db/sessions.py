"""Session rows. A session's id is the SHA-256 of the token in the cookie: the table alone gives no access."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict

from db.engine import fetch, fetch_one, for_update, run
from db.tables import Session

_ENDED_KEPT = timedelta(hours=1)
# Read from the customer's row and not kept in the session: whether a password is due, and the credentials' version.
_CUSTOMERS = "FROM customers WHERE customers.id = sessions.customer"
_ROW = (
    "SELECT id, customer, token_hash, progress_sealed, seen_at, idle_until, ends_at, remembered,"
    " consent_due,"
    f" (SELECT customers.password_until IS NOT NULL {_CUSTOMERS}) AS password_due,"
    f" (SELECT customers.credentials {_CUSTOMERS}) AS credentials,"
    " sessions.credentials AS proved_credentials, authenticated_at FROM sessions WHERE "
)


class SessionRow(TypedDict):
    """`credentials` are the customer's now, `proved_credentials` those under which the password was typed last.

    `password_due` is 0 or 1 on SQLite, which knows no boolean in an expression. Both are None where nobody signed in.
    """

    id: int
    customer: int | None
    token_hash: str
    progress_sealed: str
    seen_at: datetime
    idle_until: datetime
    ends_at: datetime
    remembered: bool
    consent_due: bool
    password_due: int | None
    credentials: int | None
    proved_credentials: int
    authenticated_at: datetime | None


class NewSession(TypedDict):
    token_hash: str
    customer: int | None
    progress_sealed: str
    created_at: datetime
    seen_at: datetime
    idle_until: datetime
    ends_at: datetime
    authenticated_at: NotRequired[datetime | None]
    credentials: NotRequired[int]
    remembered: NotRequired[bool]
    consent_due: NotRequired[bool]
    ip: str
    user_agent: str


class DeviceRow(TypedDict):
    """A session as its customer sees it."""

    id: int
    created_at: datetime
    seen_at: datetime
    ip: str
    user_agent: str


async def find(token_hash: str, now: datetime, *, locked: bool = False) -> SessionRow | None:
    """The session, if it has not ended; `locked` in a transaction makes its other requests wait."""
    return await fetch_one(
        SessionRow,
        _ROW + "token_hash = {} AND idle_until > {} AND ends_at > {}" + (for_update() if locked else ""),
        token_hash, now, now,
    )  # fmt: skip


async def find_former(token_hash: str, now: datetime, *, locked: bool = False) -> SessionRow | None:
    """The session that had this id a short while ago, if it has not ended."""
    return await fetch_one(
        SessionRow,
        _ROW
        + "former_hash = {} AND former_until > {} AND idle_until > {} AND ends_at > {}"
        + (for_update() if locked else ""),
        token_hash, now, now, now,
    )  # fmt: skip


async def find_ended(session: int | None, token_hash: str, now: datetime) -> SessionRow | None:
    """The row of a session that has ended and belonged to no customer: by its number, else by its token."""
    which, value = ("id", session) if session is not None else ("token_hash", token_hash)
    return await fetch_one(
        SessionRow,
        _ROW + which + " = {} AND sessions.customer IS NULL AND (idle_until <= {} OR ends_at <= {})",
        value, now, now,
    )  # fmt: skip


async def customer_of(token_hash: str) -> int | None:
    """Whose session this is or was, as long as its row has not been swept."""
    rows = await run("SELECT customer FROM sessions WHERE token_hash = {}", token_hash)
    return rows[0]["customer"] if rows else None


async def add(values: NewSession) -> int:
    rows = await Session.insert(Session(**values)).returning(Session.id)
    return int(rows[0]["id"])


async def rename(session: int, token_hash: str, former_until: datetime) -> None:
    """Give the session another id; the former one is remembered until `former_until`."""
    await run(
        "UPDATE sessions SET former_hash = token_hash, former_until = {}, token_hash = {} WHERE id = {}",
        former_until, token_hash, session,
    )  # fmt: skip


async def save(session: int, progress_sealed: str, now: datetime, idle_until: datetime) -> None:
    await Session.update(
        {Session.progress_sealed: progress_sealed, Session.seen_at: now, Session.idle_until: idle_until}
    ).where(Session.id == session)


async def touch(session: int, now: datetime, idle_until: datetime) -> None:
    await Session.update({Session.seen_at: now, Session.idle_until: idle_until}).where(Session.id == session)


async def shorten(session: int, ends_at: datetime) -> None:
    await Session.update({Session.ends_at: ends_at}).where(Session.id == session)


async def authenticate(session: int, authenticated_at: datetime | None, credentials: int) -> None:
    """When the password was typed last, and under which version of the customer's credentials."""
    await Session.update({Session.authenticated_at: authenticated_at, Session.credentials: credentials}).where(
        Session.id == session
    )


async def note_consent(customer: int) -> None:
    """None of this customer's sessions waits for the consent any more."""
    await Session.update({Session.consent_due: False}).where(Session.customer == customer)


async def of_customer(customer: int, now: datetime) -> Sequence[DeviceRow]:
    """The sessions of a customer that have not ended."""
    return await fetch(
        DeviceRow,
        "SELECT id, created_at, seen_at, ip, user_agent FROM sessions"
        " WHERE customer = {} AND idle_until > {} AND ends_at > {} ORDER BY seen_at DESC",
        customer, now, now,
    )  # fmt: skip


async def end_of(customer: int, session: int) -> bool:
    """End a session of this customer; False where it is not theirs or has ended."""
    return bool(await run("DELETE FROM sessions WHERE customer = {} AND id = {} RETURNING id", customer, session))


async def end(session: int) -> None:
    await Session.delete().where(Session.id == session)


async def end_all(customer: int, but: int | None = None) -> None:
    """End the sessions of a customer, all but one where that is named."""
    await Session.delete().where(Session.customer == customer, Session.id != (but or 0))


async def sweep(now: datetime) -> None:
    """Remove what ended an hour ago or more: until then its customer finds again what they typed."""
    before = now - _ENDED_KEPT
    await Session.delete().where((Session.ends_at <= before) | (Session.idle_until <= before))
