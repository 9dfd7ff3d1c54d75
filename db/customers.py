"""Customers and what is attached to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.engine import for_no_key_update, for_update_skip_locked, run
from db.unique import unless_taken

_JUDGED = "SELECT id, password_hash, password_until, credentials FROM customers WHERE "


async def add(values: dict[str, Any]) -> int | None:
    """Add a customer; None where another one holds the phone or the login already."""
    names = list(values)
    rows = await run(
        f"INSERT INTO customers ({', '.join(names)}) VALUES ({', '.join('{}' for _ in names)})"
        " ON CONFLICT DO NOTHING RETURNING id",
        *values.values(),
    )
    return int(rows[0]["id"]) if rows else None


async def by_phone(phone_hash: str) -> dict[str, Any] | None:
    rows = await run(_JUDGED + "phone_hash = {}", phone_hash)
    return rows[0] if rows else None


async def by_login(login_hash: str) -> dict[str, Any] | None:
    rows = await run(_JUDGED + "login_hash = {}", login_hash)
    return rows[0] if rows else None


async def lock(customer: int) -> dict[str, Any] | None:
    """What a password is judged by, as it is now: until the transaction ends nobody else changes it.

    Taken before the customer's own sessions are, everywhere, so that no two transactions wait for each other.
    """
    rows = await run(_JUDGED + "id = {}" + for_no_key_update(), customer)
    return rows[0] if rows else None


async def set_password(customer: int, password_hash: str) -> None:
    """A password of the customer's own making: it stays until they change it."""
    await run(
        "UPDATE customers SET password_hash = {}, password_until = NULL, credentials = credentials + 1 WHERE id = {}",
        password_hash, customer,
    )  # fmt: skip


async def set_sms_password(customer: int, password_hash: str, until: datetime) -> None:
    await run(
        "UPDATE customers SET password_hash = {}, password_until = {}, credentials = credentials + 1 WHERE id = {}",
        password_hash, until, customer,
    )  # fmt: skip


async def spend_sms_password(customer: int, password_hash: str) -> bool:
    """Take the one sign-in of a password from an SMS; False where another request was faster."""
    rows = await run(
        "UPDATE customers SET password_hash = NULL WHERE id = {} AND password_hash = {} RETURNING id",
        customer, password_hash,
    )  # fmt: skip
    return bool(rows)


async def set_phone(customer: int, phone_hash: str, phone_sealed: str) -> bool:
    """False where the phone has become another customer's."""
    return await unless_taken(
        "UPDATE customers SET phone_hash = {}, phone_sealed = {}, credentials = credentials + 1 WHERE id = {}",
        phone_hash, phone_sealed, customer,
    )  # fmt: skip


async def set_email(customer: int, email_hash: str, email_sealed: str, now: datetime) -> None:
    """Replace the address by one that has just been confirmed."""
    await run(
        "UPDATE customers SET email_hash = {}, email_sealed = {}, email_confirmed_at = {} WHERE id = {}",
        email_hash, email_sealed, now, customer,
    )  # fmt: skip


async def delete(customer: int) -> None:
    """Sessions, links and attached accounts go with it; consents and the journal lose who it was."""
    await run("DELETE FROM customers WHERE id = {}", customer)


async def get(customer: int) -> dict[str, Any] | None:
    rows = await run("SELECT * FROM customers WHERE id = {}", customer)
    return rows[0] if rows else None


async def attach_account(customer: int, account: int, now: datetime) -> bool:
    """False where it is attached already."""
    rows = await run(
        "INSERT INTO customer_accounts (customer, account, attached_at) VALUES ({}, {}, {})"
        " ON CONFLICT (customer, account) DO NOTHING RETURNING id",
        customer, account, now,
    )  # fmt: skip
    return bool(rows)


async def detach_account(customer: int, account: int) -> bool:
    """False where it is not attached."""
    return bool(
        await run("DELETE FROM customer_accounts WHERE customer = {} AND account = {} RETURNING id", customer, account)
    )


async def of_account(account: int) -> Sequence[dict[str, Any]]:
    """Every customer of an account: `id`, `first_name`, `email_sealed`, `email_confirmed_at`."""
    return await run(
        "SELECT customers.id, customers.first_name, customers.email_sealed, customers.email_confirmed_at"
        " FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer WHERE customer_accounts.account = {}",
        account,
    )


async def take_losses(portion: int) -> Sequence[dict[str, Any]]:
    """Attachments whose account has become absent, for the client to tell their customers in this transaction.

    `customer`, `first_name`, `email_sealed`, `email_confirmed_at`, `number` and `address` of the account.
    """
    taken = await run(
        "WITH taken AS MATERIALIZED"
        f" (SELECT attachment FROM account_losses ORDER BY attachment LIMIT {{}}{for_update_skip_locked()})"
        " DELETE FROM account_losses WHERE attachment IN (SELECT attachment FROM taken) RETURNING attachment",
        portion,
    )
    if not taken:
        return []
    return await run(
        "SELECT customers.id AS customer, customers.first_name, customers.email_sealed, customers.email_confirmed_at,"
        " accounts.number, accounts.address FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        f" WHERE customer_accounts.id IN ({', '.join('{}' for _ in taken)}) ORDER BY customer_accounts.id",
        *(row["attachment"] for row in taken),
    )


async def confirm_email(customer: int, now: datetime) -> None:
    await run(
        "UPDATE customers SET email_confirmed_at = {} WHERE id = {} AND email_confirmed_at IS NULL",
        now,
        customer,
    )
