"""Queries about the company's registry: accounts and bills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict

from db.engine import bound, fetch, fetch_one, for_update, places, run, transaction
from db.tables import Account, Bill


class AccountRow(TypedDict):
    id: int
    number: str
    address: str


class AttachedAccountRow(AccountRow):
    """`sharers` is the number of other customers who have the account."""

    sharers: int


class AccountBillRow(AttachedAccountRow):
    """An attached account with one of its bills; None where it has no bill at all."""

    period: str | None
    amount_kopecks: int | None


class AbsentAccountRow(TypedDict):
    number: str
    address: str
    absent_since: datetime


class BillRow(TypedDict):
    account: int
    period: str
    amount_kopecks: int


class SampleRow(TypedDict):
    """An account with one of its bills."""

    number: str
    address: str
    period: str
    amount_kopecks: int


class _BirthDateRow(TypedDict):
    birth_date: date


def _bills() -> str:
    """The table expression to read bills from.

    During an import in portions it shows nothing of the import until that is decided, and all of it afterwards
    (db/import_state.py).
    """
    if not bound().imports_in_portions:
        return "bills"
    return (
        "(SELECT b.id, b.account, b.period, COALESCE(c.amount_kopecks, b.amount_kopecks) AS amount_kopecks FROM bills b"
        " LEFT JOIN bill_changes c ON c.bill = b.id AND EXISTS (SELECT 1 FROM import_state i WHERE i.decided)"
        f" WHERE {_THERE.format('b')} AND (c.bill IS NULL OR c.amount_kopecks IS NOT NULL)) AS bills"
    )


_THERE = "NOT EXISTS (SELECT 1 FROM import_state i WHERE NOT i.decided AND {}.id > i.last_bill)"


async def newest_periods(count: int, latest: str) -> list[str]:
    """The newest billing periods (`2026-08`) up to `latest`, newest first."""
    periods: list[str] = []
    there = f" AND {_THERE.format('bills')}" if bound().imports_in_portions else ""
    # One step in the index for each; DISTINCT would read every bill.
    rows = await run("SELECT max(period) AS period FROM bills WHERE period <= {}", latest)
    while rows and rows[0]["period"] and len(periods) < count:
        period = rows[0]["period"]
        if not there or await run(f"SELECT 1 FROM bills WHERE period = {{}}{there} LIMIT 1", period):
            periods.append(period)
        rows = await run("SELECT max(period) AS period FROM bills WHERE period < {}", period)
    return periods


async def find_account_by_bill(numbers: tuple[str, ...], period: str, amount_kopecks: int) -> AccountRow | None:
    """The account of one of these numbers that has exactly this bill, the shortest first.

    Never one that is absent, and none by a bill of an owner who has left it.
    """
    return await fetch_one(
        AccountRow,
        "SELECT accounts.id, accounts.number, accounts.address FROM accounts"
        f" JOIN {_bills()} ON bills.account = accounts.id"
        f" WHERE accounts.number IN ({places(numbers)}) AND accounts.absent_since IS NULL"
        " AND bills.period = {} AND bills.period >= accounts.owner_since AND bills.amount_kopecks = {}"
        " ORDER BY length(accounts.number) LIMIT 1",
        *numbers, period, amount_kopecks,
    )  # fmt: skip


async def holders_birth_dates(account: int) -> list[date]:
    """The birth dates of the account's customers who were imported by the company.

    Customers who registered themselves have a consent and are left out: their birth date is only what they typed.
    """
    rows = await fetch(
        _BirthDateRow,
        "SELECT customers.birth_date FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer"
        " WHERE customer_accounts.account = {} AND customers.birth_date IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.customer = customers.id)",
        account,
    )
    return [row["birth_date"] for row in rows]


async def account(identity: int, proved_by: str = "9999-12") -> AccountRow | None:
    """One that is there; `proved_by` is the period of the bill, which a former owner may have."""
    return await fetch_one(
        AccountRow,
        "SELECT id, number, address FROM accounts WHERE id = {} AND absent_since IS NULL AND owner_since <= {}",
        identity, proved_by,
    )  # fmt: skip


async def accounts_with_numbers(numbers: Sequence[str]) -> Sequence[AccountRow]:
    """The accounts that have one of these numbers, in the order of their numbers; none that is absent."""
    return await fetch(
        AccountRow,
        f"SELECT id, number, address FROM accounts WHERE number IN ({places(numbers)}) AND absent_since IS NULL"
        " ORDER BY number",
        *numbers,
    )


async def accounts_at(address: str) -> Sequence[AccountRow]:
    """The accounts with exactly this address, at most 20."""
    return await fetch(
        AccountRow,
        "SELECT id, number, address FROM accounts WHERE substr(address, 1, 300) = {} AND address = {}"
        " AND absent_since IS NULL ORDER BY number LIMIT 20",
        address[:300], address,
    )  # fmt: skip


# Of an account that is selected as `accounts`.
_ATTACHED = (
    "accounts.id, accounts.number, accounts.address,"
    " (SELECT count(*) FROM customer_accounts AS others WHERE others.account = accounts.id) - 1 AS sharers"
)


async def accounts_of(customer: int) -> Sequence[AttachedAccountRow]:
    """The accounts attached to a customer, in the order they were.

    One that is absent from the company's registry is not among them until an import brings it back.
    """
    return await fetch(
        AttachedAccountRow,
        f"SELECT {_ATTACHED} FROM customer_accounts"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        " WHERE customer_accounts.customer = {} AND accounts.absent_since IS NULL ORDER BY customer_accounts.id",
        customer,
    )


async def accounts_with_bills(customer: int, latest: str, newest: int) -> Sequence[AccountBillRow]:
    """The same accounts, each with its newest bills up to the period `latest`: a row for each bill, newest first."""
    return await fetch(
        AccountBillRow,
        f"SELECT {_ATTACHED}, newest.period, newest.amount_kopecks FROM customer_accounts"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        " LEFT JOIN (SELECT account, period, amount_kopecks,"
        " row_number() OVER (PARTITION BY account ORDER BY period DESC) AS place"
        f" FROM {_bills()} WHERE account IN (SELECT account FROM customer_accounts WHERE customer = {{}})"
        " AND period <= {}) AS newest ON newest.account = accounts.id AND newest.place <= {}"
        " WHERE customer_accounts.customer = {} AND accounts.absent_since IS NULL"
        " ORDER BY customer_accounts.id, newest.period DESC",
        customer, latest, newest, customer,
    )  # fmt: skip


async def absent_accounts_of(customer: int) -> Sequence[AbsentAccountRow]:
    """The accounts attached to a customer that are absent: remembered, and shown nowhere but in the exported data."""
    return await fetch(
        AbsentAccountRow,
        "SELECT accounts.number, accounts.address, accounts.absent_since FROM customer_accounts"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        " WHERE customer_accounts.customer = {} AND accounts.absent_since IS NOT NULL ORDER BY customer_accounts.id",
        customer,
    )


async def bills_of(accounts: Sequence[int], periods: Sequence[str]) -> Sequence[BillRow]:
    """The bills from the first to the last of these periods, newest first."""
    if not accounts or not periods:
        return []
    return await fetch(
        BillRow,
        f"SELECT account, period, amount_kopecks FROM {_bills()}"
        f" WHERE account IN ({places(accounts)}) AND period BETWEEN {{}} AND {{}}"
        " ORDER BY period DESC",
        *accounts, min(periods), max(periods),
    )  # fmt: skip


async def sample(count: int, period: str) -> Sequence[SampleRow]:
    """A few accounts with their bill of `period`, for the development page."""
    return await fetch(
        SampleRow,
        "SELECT accounts.number, accounts.address, bills.period, bills.amount_kopecks FROM accounts"
        f" JOIN {_bills()} ON bills.account = accounts.id"
        " WHERE bills.period = {} AND accounts.absent_since IS NULL ORDER BY accounts.number LIMIT {}",
        period, count,
    )  # fmt: skip


async def forget_absent(before: datetime, portion: int) -> bool:
    """Remove a portion of the accounts that have been absent since `before` and are attached to nobody; whether any.

    Their bills go with them. This is the only place where an account is removed: no foreign key points at one.
    """
    async with transaction():
        gone = await run(
            "SELECT id FROM accounts WHERE absent_since < {}"
            " AND NOT EXISTS (SELECT 1 FROM customer_accounts ca WHERE ca.account = accounts.id) LIMIT {}"
            + for_update(),
            before, portion,
        )  # fmt: skip
        if gone:
            these = [row["id"] for row in gone]
            await Bill.delete().where(Bill.account.is_in(these))
            await Account.delete().where(Account.id.is_in(these))
    return bool(gone)
