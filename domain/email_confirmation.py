"""The link that confirms an e-mail address. Mail scanners open links: only the button behind it confirms."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import customers, email_links, journal
from db.engine import transaction
from domain import outbox, throttles
from domain.messages import EmailConfirmation
from domain.people import fold_email
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller, hash_token
from domain.throttles import DAY, Limit


@dataclass(frozen=True)
class LinkedAddress:
    """What a living link is about."""

    email: str
    confirmed: bool


async def send_link(portal: Portal, customer: int, first_name: str, email: str, now: datetime) -> None:
    """Post a new link; earlier ones go on working until they lapse. Part of the caller's transaction."""
    token = secrets.token_urlsafe(32)
    lifetime = portal.settings.email_link_lifetime
    await email_links.add(
        {
            "customer": customer,
            "token_hash": hash_token(token),
            "email_hash": portal.sealing.keyed_hash("email", fold_email(email)),
            "email_sealed": portal.sealing.seal(email),
            "created_at": now,
            "expires_at": now + timedelta(seconds=lifetime),
        }
    )
    link = f"{portal.settings.public_url}/email/confirmation/{token}"
    await outbox.post(portal, EmailConfirmation(first_name, link, lifetime // 86400), email, now)


async def send_another_link(portal: Portal, customer: int, now: datetime) -> Refused | str | None:
    """«Отправить письмо еще раз»: the address it went to, None where it is confirmed already."""
    async with transaction():
        row = await customers.get(customer)
        if row is None or row["email_confirmed_at"] is not None or not row["email_sealed"]:
            return None
        limit = Limit("email-link", str(customer), 5, DAY, portal.settings.sms_waits)
        at = await throttles.claim(portal, [limit], now)
        if at is not None:
            return Refused(Code.EMAIL_EARLY, "email", at)
        email: str = portal.sealing.unseal(row["email_sealed"])
        await send_link(portal, customer, row["first_name"], email, now)
        return email


async def look_at(portal: Portal, token: str, now: datetime) -> LinkedAddress | None:
    """What the link's page shows; nothing is spent."""
    link = await email_links.find(hash_token(token), now)
    if link is None:
        return None
    return LinkedAddress(portal.sealing.unseal(link["email_sealed"]), link["email_confirmed_at"] is not None)


async def confirm(portal: Portal, caller: Caller, token: str, now: datetime) -> LinkedAddress | None:
    """Confirm the address; pressed twice it is confirmed still."""
    async with transaction():
        link = await email_links.find(hash_token(token), now)
        if link is None:
            return None
        if link["email_confirmed_at"] is None:
            await customers.confirm_email(link["customer"], now)
            await journal.add(now, "email-confirmed", link["customer"], caller.ip, caller.user_agent)
        return LinkedAddress(portal.sealing.unseal(link["email_sealed"]), confirmed=True)
