"""Links sent to an address to confirm it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db.engine import for_update, run
from db.tables import EmailLink


async def add(values: dict[str, Any]) -> None:
    await EmailLink.insert(EmailLink(**values))


async def find(token_hash: str, now: datetime, *, locked: bool = False) -> dict[str, Any] | None:
    """The living link: `customer`, and the address it was sent to."""
    rows = await run(
        "SELECT id, customer, email_hash, email_sealed, credentials FROM email_links"
        " WHERE token_hash = {} AND expires_at > {}" + (for_update() if locked else ""),
        token_hash, now,
    )  # fmt: skip
    return rows[0] if rows else None


async def exists(customer: int) -> bool:
    """Whether any link has been sent to this customer that has not lapsed for good."""
    return bool(await run("SELECT id FROM email_links WHERE customer = {} LIMIT 1", customer))


async def forget_others(customer: int, email_hash: str) -> None:
    """Links to any other address of this customer are void."""
    await run("DELETE FROM email_links WHERE customer = {} AND email_hash <> {}", customer, email_hash)


async def sweep(now: datetime) -> None:
    await run("DELETE FROM email_links WHERE expires_at <= {}", now)
