"""Links sent to an address to confirm it."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from db.engine import fetch_one, for_update, run
from db.tables import EmailLink


class EmailLinkRow(TypedDict):
    """The customer, and the address it was sent to."""

    id: int
    customer: int
    email_hash: str
    email_sealed: str
    credentials: int


class NewEmailLink(TypedDict):
    customer: int
    token_hash: str
    email_hash: str
    email_sealed: str
    created_at: datetime
    expires_at: datetime
    credentials: int


async def add(values: NewEmailLink) -> None:
    await EmailLink.insert(EmailLink(**values))


async def find(token_hash: str, now: datetime, *, locked: bool = False) -> EmailLinkRow | None:
    """The link, if it has not expired."""
    return await fetch_one(
        EmailLinkRow,
        "SELECT id, customer, email_hash, email_sealed, credentials FROM email_links"
        " WHERE token_hash = {} AND expires_at > {}" + (for_update() if locked else ""),
        token_hash, now,
    )  # fmt: skip


async def exists(customer: int) -> bool:
    """Whether any link has been sent to this customer that has not been swept yet."""
    return bool(await run("SELECT id FROM email_links WHERE customer = {} LIMIT 1", customer))


async def forget_others(customer: int, email_hashes: tuple[str, ...]) -> None:
    """Delete this customer's links to any other address."""
    await EmailLink.delete().where(EmailLink.customer == customer, EmailLink.email_hash.not_in(list(email_hashes)))


async def sweep(now: datetime) -> None:
    await EmailLink.delete().where(EmailLink.expires_at <= now)
