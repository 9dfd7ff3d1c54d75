"""Links sent to an address to confirm it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db.engine import run
from db.tables import EmailLink


async def add(values: dict[str, Any]) -> None:
    await EmailLink.insert(EmailLink(**values))


async def find(token_hash: str, now: datetime) -> dict[str, Any] | None:
    """The living link with its customer, `email_sealed` being the customer's address of today."""
    rows = await run(
        "SELECT email_links.id, email_links.customer, customers.email_sealed, customers.email_confirmed_at"
        " FROM email_links JOIN customers ON customers.id = email_links.customer"
        " WHERE email_links.token_hash = {} AND email_links.expires_at > {}"
        " AND email_links.email_hash = customers.email_hash",
        token_hash, now,
    )  # fmt: skip
    return rows[0] if rows else None


async def sweep(now: datetime) -> None:
    await run("DELETE FROM email_links WHERE expires_at <= {}", now)
