"""Sign-in of the staff by e-mail and password, which opens a session that waits for the second factor; and its end."""

from __future__ import annotations

from db import staff, staff_sessions
from db.engine import transaction
from domain import throttles
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.sign_in.by_password import judge_hash
from domain.staff import journal, sessions
from domain.staff.sessions import StaffSession
from domain.throttles import HOUR, Limit
from domain.values.people import fold_email

# Where the session keeps the address to go to after the second factor.
NEXT = "next"


async def by_password(scope: Scope, email: str, password: str, *, then: str = "") -> StaffSession | list[Refused]:
    """Judge the password; known and unknown addresses take the same work. `then` is where the person was going."""
    row = await staff.by_email(scope.email_hashes(email))
    password_hash = row["password_hash"] if row is not None and row["removed_at"] is None else None
    refused = await judge_hash(
        scope, limits(scope, fold_email(email)), password_hash, password, "staff-sign-in-refused"
    )
    if refused:
        return refused
    assert row is not None
    async with transaction():
        locked = await staff.lock(row["id"])
        # The password was verified outside of any transaction.
        if locked is None or locked["credentials"] != row["credentials"] or locked["removed_at"] is not None:
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        return await sessions.begin(scope, row["id"], row["credentials"], {NEXT: then})


def limits(scope: Scope, email: str) -> list[Limit]:
    """Counters apart from those of customers; the right password empties the first one."""
    settings = scope.settings
    lock, anywhere = settings.sign_in_lock, settings.sign_in_tries_anywhere_hour
    most = max(settings.sign_in_failures_ip_hour, settings.sign_in_tries, anywhere)
    here = f"{email}\0{throttles.network_of(scope.client.ip)}"
    return [
        Limit("staff-sign-in-here", here, settings.sign_in_tries, lock, lock=lock),
        Limit("staff-sign-in-anywhere", email, anywhere, HOUR, lock=lock),
        *throttles.per_network(scope, "staff-failures-hour", scope.client.ip, most, HOUR),
    ]


async def sign_out(scope: Scope) -> None:
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return
        await staff_sessions.end(session.id)
        if session.proved_at is not None:
            await journal.note(scope, "staff-signed-out", session.staff)
