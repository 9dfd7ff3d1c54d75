"""The link that confirms an e-mail address. Only the button on its page confirms, because mail scanners open links.

Confirming an address that is not the customer's yet makes it their e-mail.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from db import customers, email_links
from db.customers import CustomerRow
from db.email_links import EmailLinkRow
from db.engine import transaction
from domain import journal, throttles
from domain.delivery import outbox
from domain.delivery.messages import EmailChange, EmailChanged, EmailConfirmation, Message
from domain.journey import Audience, Journey, Step, take_step
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session, hash_token
from domain.throttles import DAY, Limit
from domain.values.people import mask_email


@dataclass(frozen=True)
class LinkedAddress:
    """The address of a valid link."""

    email: str
    confirmed: bool


@dataclass(frozen=True)
class PendingEmail:
    """`email` is the address of a valid link; it is stored in the link's row only."""

    email: LinkedAddress | None = None
    confirmation: None = None


EMAIL_CHANGE = Journey(
    "email-change",
    PendingEmail,
    (Step("email", needs_recent_password=True), Step("confirmation")),
    audience=Audience.CUSTOMERS,
)


async def send_link(scope: Scope, customer: int, first_name: str, email: str) -> None:
    """Post a link to the customer's own address; earlier ones stay valid. Part of the caller's transaction."""
    await _send(scope, customer, email, lambda link, good_for: EmailConfirmation(first_name, link, good_for))


async def send_first_link(scope: Scope, customer: int) -> None:
    """The first link for a customer who was imported with an address. Part of the caller's transaction."""
    row = await customers.get(customer)
    if row is None or not row["email_sealed"] or row["email_confirmed_at"] is not None:
        return
    if not await email_links.exists(customer):
        await send_link(scope, customer, row["first_name"], scope.unseal(row["email_sealed"]))


async def send_another_link(scope: Scope, customer: int) -> Refused | None:
    """«Отправить письмо еще раз»; nothing happens where the address is confirmed already."""
    async with transaction():
        await customers.lock(customer)
        row = await customers.get(customer)
        if row is None or not awaits_confirmation(row):
            return None
        return await send_again(scope, row)


def awaits_confirmation(row: CustomerRow) -> bool:
    return row["email_confirmed_at"] is None and bool(row["email_sealed"])


async def send_again(scope: Scope, row: CustomerRow) -> Refused | None:
    """Part of the caller's transaction, which has locked the customer."""
    at = await throttles.claim(scope, [_limit(scope, row["id"])])
    if at is not None:
        return Refused(Code.EMAIL_EARLY, "email", at)
    await send_link(scope, row["id"], row["first_name"], scope.unseal(row["email_sealed"]))
    return None


async def begin_change(scope: Scope, email: str) -> Refused | SessionExpired | WrongStep | PasswordNeeded | None:
    """Send a link to a new address; the former address stays until the new one is confirmed."""

    async def send(session: Session, _progress: PendingEmail) -> Refused | SessionExpired | None:
        row = await customers.get(session.customer) if session.customer is not None else None
        if row is None:
            return SessionExpired()
        if row["email_hash"] in scope.email_hashes(email):
            return Refused(Code.EMAIL_SAME, "email")
        at = await throttles.claim(scope, [_limit(scope, row["id"])])
        if at is not None:
            return Refused(Code.EMAIL_EARLY, "email", at)
        # Links of an earlier change become void: only the newest one can be confirmed.
        await email_links.forget_others(row["id"], _hashes_of(scope, row))
        name = row["first_name"]
        await _send(scope, row["id"], email, lambda link, good_for: EmailChange(name, link, good_for))
        return None

    return await take_step(scope, EMAIL_CHANGE, "email", send)


async def look_at(scope: Scope, token: str) -> LinkedAddress | None:
    """What the page of the link shows; the link is not used up."""
    link = await email_links.find(hash_token(token), scope.now)
    return (await _progress(scope, link)).email


async def _progress(scope: Scope, link: EmailLinkRow | None) -> PendingEmail:
    """The progress, read from the link's row. A change of password or phone makes the links sent before it void.

    The change may have been made because somebody else had asked for the link.
    """
    row = await customers.get(link["customer"]) if link else None
    if link is None or row is None or row["credentials"] != link["credentials"]:
        return PendingEmail()
    confirmed = row["email_confirmed_at"] is not None and link["email_hash"] in _hashes_of(scope, row)
    return PendingEmail(LinkedAddress(scope.unseal(link["email_sealed"]), confirmed))


async def confirm(scope: Scope, token: str) -> LinkedAddress | None:
    """Confirm the address, or replace the customer's by it. Pressed twice it stays confirmed."""
    async with transaction():
        seen = await email_links.find(hash_token(token), scope.now)
        if seen is None or await customers.lock(seen["customer"]) is None:
            return None
        link = await email_links.find(hash_token(token), scope.now, locked=True)
        progress = await _progress(scope, link)
        row = await customers.get(seen["customer"])
        if not EMAIL_CHANGE.may_take(progress, "confirmation", scope.now):
            return None
        assert link is not None
        assert row is not None
        assert progress.email is not None
        if link["email_hash"] not in _hashes_of(scope, row):
            await _replace(scope, row, progress.email.email)
            await journal.note(scope, "email-changed", row["id"])
        elif row["email_confirmed_at"] is None:
            await customers.confirm_email(row["id"], scope.now)
            await journal.note(scope, "email-confirmed", row["id"])
        return LinkedAddress(progress.email.email, confirmed=True)


async def _replace(scope: Scope, row: CustomerRow, email: str) -> None:
    await customers.set_email(row["id"], scope.email_hash(email), scope.seal(email), scope.now)
    await email_links.forget_others(row["id"], scope.email_hashes(email))
    if row["email_sealed"]:
        notice = EmailChanged(row["first_name"], mask_email(email))
        await outbox.post(scope, notice, scope.unseal(row["email_sealed"]), scope.client.language, customer=row["id"])


def _hashes_of(scope: Scope, row: CustomerRow) -> tuple[str, ...]:
    """Of the customer's present address."""
    return scope.email_hashes(scope.unseal(row["email_sealed"])) if row["email_sealed"] else ("",)


async def _send(scope: Scope, customer: int, email: str, make_message: Callable[[str, int], Message]) -> None:
    known = await customers.lock(customer)
    assert known is not None
    token = secrets.token_urlsafe(32)
    lifetime = scope.settings.email_link_lifetime
    await email_links.add(
        {
            "customer": customer,
            "token_hash": hash_token(token),
            "email_hash": scope.email_hash(email),
            "email_sealed": scope.seal(email),
            "created_at": scope.now,
            "expires_at": scope.now + timedelta(seconds=lifetime),
            "credentials": known["credentials"],
        }
    )
    link = f"{scope.settings.public_url}/email/confirmation/{token}"
    await outbox.post(scope, make_message(link, lifetime), email, scope.client.language, customer=customer)


def _limit(scope: Scope, customer: int) -> Limit:
    return Limit("email-link", str(customer), 5, DAY, scope.settings.sms_waits)
