"""Saving a new password: after a sign-in, by recovery, and in place of the password of an SMS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from db import customers
from db import sessions as session_rows
from db.customers import CustomerRow
from db.engine import transaction
from domain import journal, passwords, sessions, throttles
from domain.delivery import outbox
from domain.delivery.messages import PasswordChanged, RecoveryCode
from domain.proofs import one_time_codes
from domain.proofs.one_time_codes import Purpose
from domain.proofs.recovery_codes import RecoveryRequest
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired
from domain.scope import Scope
from domain.sessions import Session, password_is_recent
from domain.sign_in import by_password
from domain.throttles import DAY, Limit
from domain.values.people import fold_login

# The field of the current password; `password` is the new one.
CURRENT = "current_password"
# A code that allows a new password; saving any new password makes those that were sent void.
RECOVERY_CODE = Purpose("recovery", RecoveryCode, "recovery")
_UNCONFIRMED_EMAILS = 5


@dataclass(frozen=True)
class BrokenRules:
    """The rules of domain/passwords.py that a password breaks."""

    rules: list[str]


def broken_rules(scope: Scope, password: str, about: Sequence[str]) -> list[str]:
    """The rules that `password` breaks; `about` is what others know of the customer."""
    settings = scope.settings
    return passwords.broken_rules(
        password,
        shortest=settings.password_min,
        longest=settings.password_max,
        needs=settings.password_needs,
        about=about,
    )


async def about(scope: Scope, customer: int, credentials: int | None = None) -> Sequence[str]:
    """What a customer's password may not contain: phone, names, e-mail, login.

    Empty where `credentials`, the version of a grant, is not the customer's present one.
    """
    row = await customers.get(customer)
    if row is None or credentials not in {None, row["credentials"]}:
        return ()
    return _about(scope, row)


def _about(scope: Scope, row: CustomerRow) -> Sequence[str]:
    unseal = scope.unseal
    sealed = [unseal(row[name]) for name in ("phone_sealed", "email_sealed") if row[name]]
    return (*sealed, row["last_name"], row["first_name"], row["patronymic"], row["login"])


async def change(
    scope: Scope, password: str, *, current: str | None
) -> Session | BrokenRules | list[Refused] | SessionExpired | PasswordNeeded:
    """Set the new password of a signed-in customer: every other session ends, this one gets another id.

    `current` is the present password, judged and counted. It is None for a customer who has none: the password of the
    SMS is used up by the sign-in.
    """
    customer = await sessions.customer_to_reauthenticate(scope)
    row = await customers.get(customer) if customer is not None else None
    if row is None:
        # Signed out, or the cabinet deleted, on another device meanwhile.
        return SessionExpired()
    if broken := broken_rules(scope, password, _about(scope, row)):
        return BrokenRules(broken)
    proof = f"new password\0{password}"
    if current is not None and (refused := await by_password.judge_again(scope, row, current)):
        again = await _pressed_again(scope, row["id"], password, proof)
        return again or [replace(one, field=CURRENT) for one in refused]
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        session = await sessions.lock(scope)
        if session is not None and session.customer is not None:
            if session.consent_due and not session.password_due:
                return SessionExpired()
            if not session.password_due and (current is None or not password_is_recent(scope, session)):
                return PasswordNeeded()
            if not await by_password.credentials_unchanged(row):
                # The password was changed on another device after `current` was judged.
                return [Refused(Code.PASSWORD_WRONG, CURRENT)]
            await set_password(scope, session.customer, password_hash, but=session.id)
            await journal.note(scope, "password-changed", session.customer)
            await sessions.authenticate(session, scope.now)
            session.password_due = False
            return await sessions.renew(scope, session, proof)
    return await _changed_before(scope, row["id"], password, proof)


async def _pressed_again(scope: Scope, customer: int, password: str, proof: str) -> Session | None:
    """The session of the first press, which has changed the password: to the second press `current` is wrong."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
    if session is None or not session.former:
        return None
    led = await _changed_before(scope, customer, password, proof)
    return led if isinstance(led, Session) else None


async def _changed_before(scope: Scope, customer: int, password: str, proof: str) -> Session | SessionExpired:
    """The same press again: a request with the password that was set gets the session of the first press."""
    row = await customers.get(customer)
    if row is None:
        return SessionExpired()
    phone = scope.unseal(row["phone_sealed"])
    if await by_password.judge(scope, phone, row, password):
        return SessionExpired()
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None or not session.former or not await by_password.credentials_unchanged(row):
            return SessionExpired()
        return await sessions.find_renewed(scope, proof) or SessionExpired()


async def set_password(scope: Scope, customer: int, password_hash: str, *, but: int | None = None) -> None:
    """Save the password, end all sessions `but` one, tell the customer. Part of the caller's transaction.

    All that was granted under the former password becomes void, codes and links that were sent included.
    """
    await customers.lock(customer)
    await customers.set_password(customer, password_hash)
    await session_rows.end_all(customer, but)
    row = await customers.get(customer)
    assert row is not None
    await void_recoveries(scope, row)
    if row["email_sealed"] and await _may_be_told(scope, row):
        at = scope.now.astimezone(scope.settings.zone).isoformat(timespec="minutes")
        link = f"{scope.settings.public_url}/sign-in/phone"
        message = PasswordChanged(row["first_name"], at, link)
        to = scope.unseal(row["email_sealed"])
        await outbox.post(scope, message, to, scope.client.language, customer=customer)


async def _may_be_told(scope: Scope, row: CustomerRow) -> bool:
    """Whether the e-mail may be sent. An unconfirmed address may be a stranger's: it gets only a few a day."""
    if row["email_confirmed_at"] is not None:
        return True
    return await throttles.claim(scope, [limit_of_unconfirmed_emails(row["email_hash"])]) is None


def limit_of_unconfirmed_emails(email_hash: str) -> Limit:
    return Limit("password-email", email_hash, _UNCONFIRMED_EMAILS, DAY)


async def void_recoveries(scope: Scope, row: CustomerRow) -> None:
    """Make the customer's codes for a new password void, asked for by the number alone or with the login."""
    phone = scope.unseal(row["phone_sealed"])
    for login in {"", fold_login(row["login"])}:
        await one_time_codes.void(scope, RECOVERY_CODE, RecoveryRequest(phone, login, known=True).subject)
