"""The second factor: shown at the sign-in and again before a change of who can get in, and how a person gets one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db import staff
from db.engine import transaction
from domain import throttles
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.staff import app_codes, journal, passkeys, sessions
from domain.staff.sessions import StaffSession
from domain.throttles import Limit

# Where a session keeps the secret of an app that is being set up, and recovery codes until they are written down.
SECRET, CODES = "secret", "codes"


@dataclass(frozen=True)
class Shown:
    """What a person shows: a code that was typed, or a passkey's answer."""

    code: str = ""
    credential: str = ""

    @property
    def proof(self) -> str:
        return f"{self.code}\0{self.credential}"

    @property
    def field(self) -> str:
        return "" if self.credential else "code"


@dataclass(frozen=True)
class KnownPasskey:
    id: int
    added_at: datetime


@dataclass(frozen=True)
class Factors:
    """What a person has; `recovery_codes` is how many are left."""

    app: bool
    passkeys: list[KnownPasskey]
    recovery_codes: int


async def of(person: int) -> Factors:
    row = await staff.get(person)
    keys = [KnownPasskey(key["id"], key["added_at"]) for key in await staff.passkeys_of(person)]
    return Factors(row is not None and row["totp_sealed"] is not None, keys, await staff.recovery_codes_left(person))


async def prove(scope: Scope, shown: Shown) -> StaffSession | list[Refused] | SessionExpired:
    """Judge what is shown, counted for its person; the session gets its rights, or is confirmed."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        if session.former:
            return sessions.proved_before(scope, session, shown.proof) or SessionExpired()
        limit = limit_of(scope, session.staff)
        if (at := await throttles.claim(scope, [limit])) is not None:
            return [Refused(Code.SIGN_IN_LOCKED, shown.field, at)]
        if (code := await _judge(scope, session, shown)) is not None:
            room = await throttles.room(scope, [limit])
            wrong = Refused(code, shown.field, left=room.left)
            return [wrong, Refused(Code.SIGN_IN_LOCKED, shown.field, room.at)] if room.at > scope.now else [wrong]
        await throttles.give_back(scope, [], emptied=[limit])
        event = "staff-signed-in" if session.proved_at is None else "staff-confirmed"
        session = await sessions.prove(scope, session, shown.proof)
        await journal.note(scope, event, session.staff, subject="passkey" if shown.credential else "code")
        return session


async def _judge(scope: Scope, session: StaffSession, shown: Shown) -> Code | None:
    """Why it is refused; None where it is right, and then it is used up."""
    if shown.credential:
        return None if await passkeys.judge(scope, session, shown.credential) else Code.PASSKEY_WRONG
    row = await staff.get(session.staff)
    if row is not None and row["totp_sealed"] is not None:
        step = app_codes.step_of(scope.unseal(row["totp_sealed"]), shown.code, scope.now)
        if step is not None:
            return None if await staff.use_totp_step(session.staff, step) else Code.FACTOR_USED
    return None if await app_codes.use_recovery_code(scope, session.staff, shown.code) else Code.FACTOR_WRONG


async def begin_app(scope: Scope) -> StaffSession | SessionExpired:
    """Make the secret of another app; the former one stays until a code of the new one is shown."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or not sessions.is_confirmed(scope, session):
            return SessionExpired()
        session.progress[SECRET] = app_codes.new_secret()
        await sessions.save(scope, session)
        return session


async def add(scope: Scope, shown: Shown) -> StaffSession | Refused | SessionExpired:
    """A further passkey, or another app, for a person who has just shown a second factor again."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or not sessions.is_confirmed(scope, session):
            return SessionExpired()
        app = await enrol(scope, session, shown)
        if isinstance(app, Refused):
            return app
        if app is not None:
            await staff.set_totp(session.staff, *app)
        session.progress.pop(SECRET, None)
        await sessions.save(scope, session)
        await journal.note(scope, "factor-added", session.staff, subject="passkey" if shown.credential else "app")
        return session


async def enrol(scope: Scope, session: StaffSession, shown: Shown) -> tuple[str, int] | Refused | None:
    """Sealed secret and used step of the session's new app; None where it was a passkey, which is then saved.

    Part of the caller's transaction.
    """
    if shown.credential:
        passkey = await passkeys.made(scope, session, shown.credential)
        saved = passkey is not None and await staff.add_passkey(passkey.of(scope, session.staff))
        return None if saved else Refused(Code.PASSKEY_WRONG)
    secret = session.progress.get(SECRET, "")
    step = app_codes.step_of(secret, shown.code, scope.now) if secret else None
    return (scope.seal(secret), step) if step is not None else Refused(Code.FACTOR_WRONG, "code")


async def remove_passkey(scope: Scope, passkey: int) -> StaffSession | Refused | SessionExpired:
    """The last second factor stays."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or not sessions.is_confirmed(scope, session):
            return SessionExpired()
        factors = await of(session.staff)
        if not factors.app and len(factors.passkeys) < 2:
            return Refused(Code.FACTOR_LAST)
        if await staff.remove_passkey(session.staff, passkey):
            await journal.note(scope, "factor-removed", session.staff, subject=f"passkey {passkey}")
        return session


async def renew_recovery_codes(scope: Scope) -> StaffSession | SessionExpired:
    """Codes in place of the former ones; the session holds them until they are written down."""
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or not sessions.is_confirmed(scope, session):
            return SessionExpired()
        await give_recovery_codes(scope, session)
        await sessions.save(scope, session)
        await journal.note(scope, "recovery-codes-renewed", session.staff)
        return session


async def give_recovery_codes(scope: Scope, session: StaffSession) -> None:
    """Part of the caller's transaction, which saves the session."""
    codes = app_codes.new_recovery_codes()
    await app_codes.save_recovery_codes(scope, session.staff, codes)
    session.progress[CODES] = codes


async def codes_written_down(scope: Scope) -> None:
    async with transaction():
        session = await sessions.lock(scope)
        if session is not None and session.progress.pop(CODES, None) is not None:
            await sessions.save(scope, session)


def limit_of(scope: Scope, person: int) -> Limit:
    """Wrong second factors of a person, wherever they come from: who is counted knows the password."""
    lock = scope.settings.sign_in_lock
    return Limit("staff-factor", str(person), scope.settings.sign_in_tries, lock, lock=lock)
