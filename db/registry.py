"""What the portal asks of the company's registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from db.engine import run

Row = dict[str, Any]


async def newest_periods(count: int) -> list[str]:
    """The newest billing periods (`2026-08`), newest first."""
    periods: list[str] = []
    # One index step for each, where DISTINCT would read every bill.
    rows = await run("SELECT max(period) AS period FROM bills")
    while rows and rows[0]["period"] and len(periods) < count:
        periods.append(rows[0]["period"])
        rows = await run("SELECT max(period) AS period FROM bills WHERE period < {}", periods[-1])
    return periods


async def find_account_by_bill(account_number: str, period: str, amount_kopecks: int) -> dict[str, Any] | None:
    """The account (`id`, `number`, `address`) that has exactly this bill."""
    rows = await run(
        "SELECT accounts.id, accounts.number, accounts.address FROM accounts"
        " JOIN bills ON bills.account = accounts.id"
        " WHERE accounts.number = {} AND bills.period = {} AND bills.amount_kopecks = {}",
        account_number, period, amount_kopecks,
    )  # fmt: skip
    return rows[0] if rows else None


async def holders_birth_dates(account: int) -> list[date]:
    """The birth dates of those of its customers whom the company has named by an import.

    A customer who has registered by themselves has given their consent, and their birth date says only what they typed.
    """
    rows = await run(
        "SELECT customers.birth_date FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer"
        " WHERE customer_accounts.account = {} AND customers.birth_date IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.customer = customers.id)",
        account,
    )
    return [row["birth_date"] for row in rows]


async def account(identity: int) -> dict[str, Any] | None:
    rows = await run("SELECT id, number, address FROM accounts WHERE id = {}", identity)
    return rows[0] if rows else None


async def accounts_of(customer: int) -> Sequence[dict[str, Any]]:
    """The accounts attached to a customer, in the order they were; `sharers` counts who else has each."""
    return await run(
        "SELECT accounts.id, accounts.number, accounts.address,"
        " (SELECT count(*) FROM customer_accounts AS others WHERE others.account = accounts.id) - 1 AS sharers"
        " FROM customer_accounts"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        " WHERE customer_accounts.customer = {} ORDER BY customer_accounts.id",
        customer,
    )


async def bills_of(accounts: Sequence[int], periods: Sequence[str]) -> Sequence[dict[str, Any]]:
    """The bills (`account`, `period`, `amount_kopecks`) of these accounts in these periods, newest first."""
    if not accounts or not periods:
        return []
    return await run(
        "SELECT account, period, amount_kopecks FROM bills"
        f" WHERE account IN ({', '.join('{}' for _ in accounts)}) AND period >= {{}}"
        " ORDER BY period DESC",
        *accounts, min(periods),
    )  # fmt: skip


async def sample(count: int) -> Sequence[dict[str, Any]]:
    """A few accounts with their newest bill, for the development page."""
    return await run(
        "SELECT accounts.number, accounts.address, bills.period, bills.amount_kopecks FROM accounts"
        " JOIN bills ON bills.account = accounts.id"
        " WHERE bills.period = (SELECT max(period) FROM bills) ORDER BY accounts.number LIMIT {}",
        count,
    )
