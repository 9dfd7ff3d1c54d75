"""The link that lets a person in for the first time: a password, then a second factor; only then is it used up."""

from __future__ import annotations

from dataclasses import dataclass

from db import staff, staff_sessions
from db.engine import transaction
from domain.journey import Journey, Step
from domain.refusals import Refused, SessionExpired
from domain.scope import Scope
from domain.sessions import hash_token
from domain.sign_in.password_change import BrokenRules, broken_rules
from domain.staff import app_codes, journal, second_factor, sessions
from domain.staff.people import Person, get
from domain.staff.second_factor import SECRET, Shown
from domain.staff.sessions import StaffSession


@dataclass(frozen=True)
class NewPassword:
    """The password that was set, and the link that allowed it."""

    link_hash: str
    password_hash: str


@dataclass(frozen=True)
class Setup:
    password: NewPassword | None = None
    factor: None = None


SETUP = Journey("staff-setup", Setup, (Step("password"), Step("factor")))


async def look_at(scope: Scope, token: str) -> Person | None:
    """Whose link it is; None for one that has expired or was used."""
    person = await staff.staff_of_link(hash_token(token), scope.now) if token else None
    return await get(scope, person) if person is not None else None


async def set_password(scope: Scope, token: str, password: str) -> StaffSession | BrokenRules | SessionExpired:
    """Keep the password until the second factor is there, in a session without rights."""
    person = await look_at(scope, token)
    if person is None:
        return SessionExpired()
    if broken := broken_rules(scope, password, (person.email,)):
        return BrokenRules(broken)
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        row = await staff.lock(person.id)
        if row is None or await staff.staff_of_link(hash_token(token), scope.now) != person.id:
            return SessionExpired()
        progress = Setup(NewPassword(hash_token(token), password_hash))
        kept = {SETUP.name: SETUP.as_json(progress), SECRET: app_codes.new_secret()}
        return await sessions.begin(scope, person.id, row["credentials"], kept)


async def set_factor(scope: Scope, shown: Shown) -> StaffSession | Refused | SessionExpired:
    """The first second factor: password, factor and recovery codes are saved together, and the link is used up."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        if session.former:
            return sessions.proved_before(scope, session, shown.proof) or SessionExpired()
        password = SETUP.progress(session).password
        if password is None or await staff.staff_of_link(password.link_hash, scope.now) != session.staff:
            return SessionExpired()
        app = await second_factor.enrol(scope, session, shown)
        if isinstance(app, Refused):
            return app
        await staff.set_credentials(session.staff, password.password_hash, *(app or (None, 0)))
        await staff.forget_link(session.staff)
        await staff_sessions.end_all(session.staff, session.id)
        session.progress = {}
        await second_factor.give_recovery_codes(scope, session)
        session = await sessions.prove(scope, session, shown.proof)
        await journal.note(scope, "staff-began", session.staff, subject="passkey" if shown.credential else "app")
        return session
