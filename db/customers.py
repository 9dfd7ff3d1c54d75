"""Customers, what is attached to them, and their e-mail links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db.engine import run
from db.tables import Consent, CustomerAccount, EmailLink


async def add(values: dict[str, Any]) -> int | None:
    """Add a customer; None where another one holds the phone already."""
    names = list(values)
    rows = await run(
        f"INSERT INTO customers ({', '.join(names)}) VALUES ({', '.join('{}' for _ in names)})"
        " ON CONFLICT (phone_hash) DO NOTHING RETURNING id",
        *values.values(),
    )
    return int(rows[0]["id"]) if rows else None


async def by_phone(phone_hash: str) -> dict[str, Any] | None:
    rows = await run("SELECT id, password_hash FROM customers WHERE phone_hash = {}", phone_hash)
    return rows[0] if rows else None


async def get(customer: int) -> dict[str, Any] | None:
    rows = await run("SELECT * FROM customers WHERE id = {}", customer)
    return rows[0] if rows else None


async def attach_account(customer: int, account: int, now: datetime) -> None:
    await CustomerAccount.insert(CustomerAccount(customer=customer, account=account, attached_at=now))


async def add_consent(values: dict[str, Any]) -> None:
    await Consent.insert(Consent(**values))


async def add_email_link(values: dict[str, Any]) -> None:
    await EmailLink.insert(EmailLink(**values))


async def find_email_link(token_hash: str, now: datetime) -> dict[str, Any] | None:
    """The living link with its customer, `email_sealed` being the customer's address of today."""
    rows = await run(
        "SELECT email_links.id, email_links.customer, customers.email_sealed, customers.email_confirmed_at"
        " FROM email_links JOIN customers ON customers.id = email_links.customer"
        " WHERE email_links.token_hash = {} AND email_links.expires_at > {}"
        " AND email_links.email_hash = customers.email_hash",
        token_hash, now,
    )  # fmt: skip
    return rows[0] if rows else None


async def confirm_email(customer: int, now: datetime) -> None:
    await run(
        "UPDATE customers SET email_confirmed_at = {} WHERE id = {} AND email_confirmed_at IS NULL",
        now,
        customer,
    )


async def forget_email_links(customer: int) -> None:
    await run("DELETE FROM email_links WHERE customer = {}", customer)
