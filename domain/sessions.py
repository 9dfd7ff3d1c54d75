"""Sessions: who sends a request, and the progress of their journeys between two requests.

The one cookie holds the token of a session's row or, as long as nothing has been proved, the sealed progress itself: a
flood of first steps leaves no rows. The id changes with every proof, so a cookie that an attacker has planted in the
browser is useless afterwards.

A proof may be sent twice: by a double press, or again because its answer was lost. So the new token is derived from the
former cookie and the proof, and both requests get the same session. The former cookie alone does not suffice.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from db import customers, sessions
from db.sessions import SessionRow
from domain import device_cookies
from domain.scope import Scope

# A request that only reads moves the idle end at most this often, to avoid a write for each page.
_TOUCH_EVERY = timedelta(minutes=1)
# How long a session that ended in a registration recognises its last POST when that is sent again.
FINISHED_LIFETIME = timedelta(minutes=10)
# How long the id before a proof is found by a request that carries the same proof.
_FORMER_LIFETIME = timedelta(minutes=2)
# What marks a sealed progress: a token is base64url and holds no dot.
_SEALED = "s."
# A browser keeps 4096 bytes of name, value and attributes (RFC 6265, 6.1).
LONGEST_TOKEN = 3800


@dataclass
class Session:
    """A session that has not ended. `token` is set where it is new and must go into the cookie.

    Without a row (`id` is 0) nothing has been proved yet, and the progress lives in the cookie. `credentials` is the
    version of the customer's credentials now; `authenticated_at` is None if the password was typed under another one.
    A `former` session was found by the id it had before a proof: it may be used to judge that proof again, only.
    """

    id: int
    customer: int | None
    ends_at: datetime
    idle_until: datetime
    progress: dict[str, Any] = field(default_factory=dict)
    authenticated_at: datetime | None = None
    token: str | None = None
    remembered: bool = False
    # The device cookie's new value, set by a sign-in.
    device: str | None = None
    password_due: bool = False
    consent_due: bool = False
    credentials: int = 0
    former: bool = False

    @property
    def something_due(self) -> bool:
        """Signed in, but the profile is closed until a password has been set or the consent given."""
        return self.password_due or self.consent_due


def hash_token(token: str) -> str:
    """Tokens are 256 random bits: a plain hash is enough, nothing can be guessed from it."""
    return hashlib.sha256(token.encode()).hexdigest()


async def resume(scope: Scope) -> Session | None:
    """The client's session for a request that only reads."""
    if scope.client.token is None or scope.client.token.startswith(_SEALED):
        return _unsealed(scope)
    row = await sessions.find(hash_token(scope.client.token), scope.now)
    if row is None:
        return None
    if scope.now - row["seen_at"] >= _TOUCH_EVERY:
        row["idle_until"] = _idle_until(scope, row["ends_at"], row["remembered"])
        await sessions.touch(row["id"], scope.now, row["idle_until"])
    return _session_of(scope, row)


async def touch(scope: Scope, session: Session) -> datetime:
    """Move the idle end, whenever it was moved last; returns the new one."""
    if not session.id:
        await save(scope, session)
        return session.idle_until
    session.idle_until = _idle_until(scope, session.ends_at, session.remembered)
    await sessions.touch(session.id, scope.now, session.idle_until)
    return session.idle_until


async def lock(scope: Scope) -> Session | None:
    """The client's session, locked in a transaction: another request of the same session waits.

    So does every other change of its customer: see db/customers.py for the order.
    """
    if scope.client.token is None or scope.client.token.startswith(_SEALED):
        return _unsealed(scope)
    return await _lock(scope, scope.client.token, sessions.find)


async def lock_for_proof(scope: Scope) -> Session | None:
    """Like `lock`, for a request that carries a proof: if sent before, its session is found by the former id."""
    session = await lock(scope)
    if session is not None or scope.client.token is None or scope.client.token.startswith(_SEALED):
        return session
    return await _lock(scope, scope.client.token, sessions.find_former, former=True)


class _Find(Protocol):
    async def __call__(self, token_hash: str, now: datetime, *, locked: bool = False) -> SessionRow | None: ...


async def _lock(scope: Scope, token: str, find: _Find, *, former: bool = False) -> Session | None:
    """First the customer, then the session: so the row is read twice."""
    token_hash = hash_token(token)
    seen = await find(token_hash, scope.now)
    if seen is None:
        return None
    if seen["customer"] is not None:
        await customers.lock(seen["customer"])
    row = await find(token_hash, scope.now, locked=True)
    return _session_of(scope, row, former=former) if row else None


async def customer_to_reauthenticate(scope: Scope) -> int | None:
    """The customer whose password is typed again: of the session, also found by its id before a proof."""
    if scope.client.token is None:
        return None
    token_hash = hash_token(scope.client.token)
    row = await sessions.find(token_hash, scope.now) or await sessions.find_former(token_hash, scope.now)
    return row["customer"] if row else None


async def ended(scope: Scope, row: int | None = None) -> Session | None:
    """The session of this browser, or that of the `row`, which has ended and was nobody's, until its row is removed.

    It gives no right: it only tells what was typed in it.
    """
    token = scope.client.token
    if row is None and (token is None or token.startswith(_SEALED)):
        return None
    found = await sessions.find_ended(row, hash_token(token or ""), scope.now)
    return _session_of(scope, found) if found else None


async def last_customer(scope: Scope) -> int | None:
    """The customer of the client's session, even if it has expired, until its row is removed."""
    return await sessions.customer_of(hash_token(scope.client.token)) if scope.client.token else None


def begin_unproved(scope: Scope) -> Session:
    """A session before any proof: it has no row, and `save` puts its progress into the cookie."""
    ends_at = scope.now + timedelta(seconds=scope.settings.session_lifetime)
    return Session(0, None, ends_at, _idle_until(scope, ends_at, False))


async def begin(
    scope: Scope, *, customer: int | None = None, remembered: bool = False, consent_due: bool = False
) -> Session:
    """A new session with a random id, whichever cookie the client has sent."""
    lifetime = scope.settings.remember_lifetime if remembered else scope.settings.session_lifetime
    ends_at = scope.now + timedelta(seconds=lifetime)
    session = Session(0, customer, ends_at, scope.now, remembered=remembered, consent_due=consent_due)
    if customer is not None:
        known = await customers.lock(customer)
        assert known is not None
        session.authenticated_at, session.credentials = scope.now, known["credentials"]
        session.device = device_cookies.renewed(scope, scope.client.device, customer)
    return await _add(scope, session, secrets.token_urlsafe(32))


async def renew(scope: Scope, session: Session, proof: str) -> Session:
    """After a proof: the session gets another id, which only this request can derive."""
    token = _derived(scope, proof)[0]
    if not session.id:
        return await _add(scope, session, token)
    await sessions.rename(session.id, hash_token(token), scope.now + _FORMER_LIFETIME)
    session.token = token
    return session


async def find_renewed(scope: Scope, proof: str) -> Session | None:
    """The session that the same request has renewed before. The caller has judged the proof again."""
    for token in _derived(scope, proof):
        row = await sessions.find(hash_token(token), scope.now, locked=True)
        session = _session_of(scope, row) if row else None
        if session is not None:
            session.token = token
            return session
    return None


async def save(scope: Scope, session: Session) -> None:
    """Save the progress; the caller holds the session's lock."""
    session.idle_until = _idle_until(scope, session.ends_at, session.remembered)
    if session.id:
        await sessions.save(session.id, scope.seal(session.progress), scope.now, session.idle_until)
        return
    kept = {
        "session": session.progress,
        "ends_at": session.ends_at.isoformat(),
        "idle_until": session.idle_until.isoformat(),
    }
    session.token = _SEALED + scope.seal(kept)
    if len(session.token) > LONGEST_TOKEN:
        raise ValueError("What has not been proved must fit into a cookie")


async def replace_at_sign_in(
    scope: Scope,
    session: Session | None,
    customer: int,
    *,
    remembered: bool = False,
    consent_due: bool = False,
) -> Session:
    """Sign in: a new session; the former one ends."""
    if session is not None and session.id:
        await sessions.end(session.id)
    return await begin(scope, customer=customer, remembered=remembered, consent_due=consent_due)


async def finish(scope: Scope, session: Session) -> None:
    """Save the session, whose journey is over, and let it end in ten minutes."""
    await save(scope, session)
    await sessions.shorten(session.id, scope.now + FINISHED_LIFETIME)


async def authenticate(session: Session, authenticated_at: datetime | None) -> None:
    """Record when the password was typed, under the customer's present credentials."""
    known = await customers.lock(session.customer) if session.customer is not None else None
    assert known is not None
    session.authenticated_at, session.credentials = authenticated_at, known["credentials"]
    await sessions.authenticate(session.id, authenticated_at, session.credentials)


def password_is_recent(scope: Scope, session: Session) -> bool:
    """Whether the password was typed a short while ago, and password and phone are still the same."""
    limit = timedelta(seconds=scope.settings.password_again)
    return session.authenticated_at is not None and scope.now - session.authenticated_at <= limit


async def _add(scope: Scope, session: Session, token: str) -> Session:
    session.idle_until = _idle_until(scope, session.ends_at, session.remembered)
    session.token = token
    session.id = await sessions.add(
        {
            "token_hash": hash_token(token),
            "customer": session.customer,
            "progress_sealed": scope.seal(session.progress),
            "created_at": scope.now,
            "seen_at": scope.now,
            "idle_until": session.idle_until,
            "ends_at": session.ends_at,
            "authenticated_at": session.authenticated_at,
            "credentials": session.credentials,
            "remembered": session.remembered,
            "consent_due": session.consent_due,
            "ip": scope.client.ip,
            "user_agent": scope.client.user_agent[:300],
        }
    )
    return session


def _derived(scope: Scope, proof: str) -> tuple[str, ...]:
    return scope.keyed_hashes("session token", f"{scope.client.token}\0{proof}")


def _idle_until(scope: Scope, ends_at: datetime, remembered: bool) -> datetime:
    return ends_at if remembered else min(ends_at, scope.now + timedelta(seconds=scope.settings.session_idle))


def _unsealed(scope: Scope) -> Session | None:
    """The session that the cookie itself holds; None where it holds none, was not sealed here, or has ended."""
    try:
        kept = scope.unseal((scope.client.token or "").removeprefix(_SEALED))
        # A KeyError: sealed by the portal for another use, which has other names.
        progress, ends_at, idle_until = kept["session"], kept["ends_at"], kept["idle_until"]
    except (ValueError, KeyError, TypeError):
        return None
    session = Session(0, None, datetime.fromisoformat(ends_at), datetime.fromisoformat(idle_until), progress)
    return session if scope.now < session.idle_until and scope.now < session.ends_at else None


def _session_of(scope: Scope, row: SessionRow, *, former: bool = False) -> Session | None:
    try:
        progress = scope.unseal(row["progress_sealed"])
    except ValueError:
        # KABINET_SECRET has been changed: the session cannot be read, and its customer starts again.
        return None
    return Session(
        id=row["id"],
        customer=row["customer"],
        ends_at=row["ends_at"],
        idle_until=row["idle_until"],
        progress=progress,
        authenticated_at=row["authenticated_at"] if row["proved_credentials"] == row["credentials"] else None,
        remembered=bool(row["remembered"]),
        password_due=bool(row["password_due"]),
        consent_due=bool(row["consent_due"]),
        credentials=row["credentials"] or 0,
        former=former,
    )
