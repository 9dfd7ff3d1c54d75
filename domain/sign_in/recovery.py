"""A new password for a customer who has forgotten theirs or was imported: code by SMS, then the password.

Unknown numbers pass the same steps as known ones, but get no SMS. The customer of the number is looked up at each step
and not kept in the progress, which may be in a cookie, until a code has been confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db import customers
from db.customers import CredentialsRow
from db.engine import transaction
from domain import journal, sessions
from domain.journey import Grant, Journey, Step, grant, take_step
from domain.proofs import email_confirmation, one_time_codes, recovery_codes
from domain.proofs.one_time_codes import proof_of
from domain.proofs.recovery_codes import RecoveryRequest
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session
from domain.sign_in import by_password
from domain.sign_in.password_change import RECOVERY_CODE, BrokenRules, about, broken_rules, set_password
from domain.values.people import fold_login

# How long a confirmed code allows a new password.
GRANT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Recovery:
    """`login` (folded) where the recovery began with one; `password` is when the new one was saved."""

    login: str | None = None
    phone: str | None = None
    code: Grant | None = None
    password: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        """Whether the code was confirmed too long ago, or password or phone have changed since."""
        return self.code is not None and not self.code.holds(now)


RECOVERY = Journey(
    "recovery",
    Recovery,
    (
        # Without a login the number is that of the sign-in.
        Step("phone", applies=lambda progress: progress.login is not None),
        Step("code", done=lambda progress, now: progress.code is not None and progress.code.holds(now), once=True),
        Step("password"),
    ),
)


async def give_login(scope: Scope, login: str) -> Session:
    """Begin with a login; the number bound to it is asked for next."""
    async with transaction():
        session = await sessions.lock(scope) or sessions.begin_unproved(scope)
        return await RECOVERY.save(scope, session, Recovery(login=fold_login(login)))


async def begin(scope: Scope, phone: str, *, login: str | None = None) -> Session | Refused:
    """Send the code to a number, or for a login (folded) to the number typed as bound to it."""
    async with transaction():
        session = await sessions.lock(scope) or sessions.begin_unproved(scope)
        progress = Recovery(login, phone)
        asked = await _asked(scope, progress)
        at = await recovery_codes.send(scope, RECOVERY_CODE, asked)
        if at is not None and not await one_time_codes.is_under_way(scope, RECOVERY_CODE, asked.subject):
            return Refused(Code.RESEND_EARLY, "phone", at)
        return await RECOVERY.save(scope, session, progress)


async def send_another_code(
    scope: Scope, *, call: bool = False
) -> Session | Refused | SessionExpired | WrongStep | PasswordNeeded:
    """«Отправить код еще раз», or have it dictated."""

    async def send(session: Session, progress: Recovery) -> Session | Refused:
        at = await recovery_codes.send(scope, RECOVERY_CODE, await _asked(scope, progress), call=call)
        if at is not None:
            return Refused(Code.RESEND_EARLY, "another", at)
        return await RECOVERY.save(scope, session, replace(progress, code=None))

    return await take_step(scope, RECOVERY, "code", send)


async def sent_code(scope: Scope, progress: Recovery) -> tuple[datetime, bool, bool]:
    """When another code may be asked for (`now` where it may already), whether one can still be right, and whether the
    next one may be dictated by telephone.
    """
    asked = await _asked(scope, progress)
    next_at = await recovery_codes.next_at(scope, RECOVERY_CODE, asked)
    typable = await one_time_codes.is_under_way(scope, RECOVERY_CODE, asked.subject)
    return next_at, typable, await one_time_codes.may_call(scope, RECOVERY_CODE, asked.subject)


async def confirm_code(scope: Scope, typed: str) -> Session | list[Refused] | SessionExpired | WrongStep:
    """Judge the code. A code for another login, or from before the number became another customer's, proves nothing."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        progress = RECOVERY.progress(session)
        if progress.phone is None or not (session.former or RECOVERY.may_take(progress, "code", scope.now)):
            return WrongStep()
        customer = await _customer_of(scope, progress)
        expected = customer is not None
        subject = RecoveryRequest(progress.phone, progress.login or "", known=expected).subject
        proved = await one_time_codes.prove(
            scope, session, RECOVERY_CODE, progress.phone, typed, subject=subject, expected=expected
        )
        if proved is not None:
            return proved
        assert customer is not None
        granted = grant(scope, customer["id"], customer["credentials"], GRANT_LIFETIME)
        session = await sessions.renew(scope, session, proof_of(RECOVERY_CODE, progress.phone, typed))
        return await RECOVERY.save(scope, session, replace(progress, code=granted))


async def rules_broken_by(scope: Scope, progress: Recovery, password: str) -> list[str]:
    """The rules that `password` breaks for the customer who sets it.

    They tell something about the customer, so they are judged only while a confirmed code allows a new password.
    """
    granted = progress.code if RECOVERY.may_take(progress, "password", scope.now) else None
    return broken_rules(scope, password, await about(scope, granted.customer, granted.credentials) if granted else ())


async def save_password(
    scope: Scope, password: str
) -> Session | BrokenRules | SessionExpired | WrongStep | PasswordNeeded:
    """Set the password, end every session of the customer, tell them by e-mail. Pressed twice, once."""
    session = await sessions.resume(scope)
    if session is None:
        return SessionExpired()
    progress = RECOVERY.progress(session)
    if progress.password is not None:
        return session
    if not RECOVERY.may_take(progress, "password", scope.now):
        return WrongStep()
    if broken := await rules_broken_by(scope, progress, password):
        return BrokenRules(broken)
    password_hash = await scope.hasher.hash(password)

    async def save(locked: Session, locked_progress: Recovery) -> Session | SessionExpired | WrongStep:
        return await _save(scope, locked, locked_progress, password_hash)

    outcome = await take_step(scope, RECOVERY, "password", save)
    if isinstance(outcome, WrongStep):
        # A second press of the button: the first one was faster.
        session = await sessions.resume(scope)
        return session if session and RECOVERY.progress(session).password else outcome
    return outcome


async def _save(
    scope: Scope, session: Session, progress: Recovery, password_hash: str
) -> Session | SessionExpired | WrongStep:
    granted = progress.code
    assert granted is not None
    customer = await customers.lock(granted.customer)
    if customer is None:
        # The customer has deleted the cabinet on another device meanwhile.
        return SessionExpired()
    if customer["credentials"] != granted.credentials:
        await RECOVERY.save(scope, session, replace(progress, code=replace(granted, until=scope.now)))
        return WrongStep()
    await set_password(scope, granted.customer, password_hash)
    await email_confirmation.send_first_link(scope, granted.customer)
    await by_password.lift_lock(scope, progress.login or progress.phone or "", granted.customer)
    await journal.note(scope, "password-recovered", granted.customer)
    if progress.login is None and progress.phone is not None:
        # The sign-in goes on with this number, even if another one was typed there meanwhile.
        by_password.remember_phone(session, progress.phone)
    return await RECOVERY.save(scope, session, Recovery(progress.login, progress.phone, granted, scope.now))


async def _asked(scope: Scope, progress: Recovery) -> RecoveryRequest:
    is_known = await _customer_of(scope, progress) is not None
    return RecoveryRequest(progress.phone or "", progress.login or "", is_known)


async def _customer_of(scope: Scope, progress: Recovery) -> CredentialsRow | None:
    """The customer of the number now; with a login only if that is the same customer's."""
    customer = await customers.by_phone(scope.phone_hashes(progress.phone or ""))
    if progress.login is not None:
        holder = await customers.by_login(scope.login_hashes(progress.login))
        customer = customer if customer and holder and customer["id"] == holder["id"] else None
    return customer
