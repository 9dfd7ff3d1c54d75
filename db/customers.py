"""Customers and what is attached to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NotRequired, TypedDict

from db.engine import fetch, fetch_one, for_no_key_update, for_update_skip_locked, places, run
from db.tables import Customer
from db.unique import unless_taken

_CREDENTIALS = "SELECT id, password_hash, password_until, credentials FROM customers WHERE "


class CredentialsRow(TypedDict):
    """The columns that a password is judged by."""

    id: int
    password_hash: str | None
    password_until: datetime | None
    credentials: int


class CustomerRow(CredentialsRow):
    """The whole row."""

    phone_hash: str
    phone_sealed: str
    last_name: str
    first_name: str
    patronymic: str
    birth_date: date | None
    email_hash: str
    email_sealed: str
    email_confirmed_at: datetime | None
    login_hash: str | None
    login: str
    registered_at: datetime
    imported: bool


class NewCustomer(TypedDict):
    phone_hash: str
    phone_sealed: str
    last_name: NotRequired[str]
    first_name: NotRequired[str]
    patronymic: NotRequired[str]
    birth_date: NotRequired[date]
    email_hash: NotRequired[str]
    email_sealed: NotRequired[str]
    email_confirmed_at: NotRequired[datetime]
    password_hash: NotRequired[str]
    login_hash: NotRequired[str]
    login: NotRequired[str]
    registered_at: datetime


class SharerRow(TypedDict):
    """A customer of an account that others may have too."""

    id: int
    first_name: str
    email_sealed: str
    email_confirmed_at: datetime | None


class LossRow(TypedDict):
    """A customer who has lost an account, and its number and address."""

    customer: int
    first_name: str
    email_sealed: str
    email_confirmed_at: datetime | None
    number: str
    address: str


async def add(values: NewCustomer, taken: tuple[str, ...] = ()) -> int | None:
    """Add a customer; None where another one holds the phone or the login already.

    `taken` are further hashes that another one may hold these by.
    """
    if taken and await run(
        f"SELECT id FROM customers WHERE phone_hash IN ({places(taken)}) OR login_hash IN ({places(taken)})",
        *taken, *taken,
    ):  # fmt: skip
        return None
    names = list(values)
    rows = await run(
        f"INSERT INTO customers ({', '.join(names)}) VALUES ({places(names)}) ON CONFLICT DO NOTHING RETURNING id",
        *values.values(),
    )
    return int(rows[0]["id"]) if rows else None


async def by_phone(phone_hashes: tuple[str, ...]) -> CredentialsRow | None:
    return await fetch_one(CredentialsRow, _CREDENTIALS + f"phone_hash IN ({places(phone_hashes)})", *phone_hashes)


async def by_login(login_hashes: tuple[str, ...]) -> CredentialsRow | None:
    return await fetch_one(CredentialsRow, _CREDENTIALS + f"login_hash IN ({places(login_hashes)})", *login_hashes)


async def lock(customer: int) -> CredentialsRow | None:
    """Lock the customer's row until the transaction ends; returns what a password is judged by.

    It is locked before the customer's sessions everywhere, so that no two transactions wait for each other.
    """
    return await fetch_one(CredentialsRow, _CREDENTIALS + "id = {}" + for_no_key_update(), customer)


async def set_password(customer: int, password_hash: str) -> None:
    """Save a password that the customer has chosen."""
    await run(
        "UPDATE customers SET password_hash = {}, password_until = NULL, credentials = credentials + 1 WHERE id = {}",
        password_hash, customer,
    )  # fmt: skip


async def set_sms_password(customer: int, password_hash: str, until: datetime) -> None:
    await run(
        "UPDATE customers SET password_hash = {}, password_until = {}, credentials = credentials + 1 WHERE id = {}",
        password_hash, until, customer,
    )  # fmt: skip


async def spend_sms_password(customer: int, password_hash: str | None) -> bool:
    """Use up a password from an SMS, which is good for one sign-in; False where another request was faster."""
    rows = await run(
        "UPDATE customers SET password_hash = NULL WHERE id = {} AND password_hash = {} RETURNING id",
        customer, password_hash,
    )  # fmt: skip
    return bool(rows)


async def set_phone(customer: int, phone_hash: str, phone_sealed: str) -> bool:
    """Save the phone; False where it is another customer's."""
    return await unless_taken(
        "UPDATE customers SET phone_hash = {}, phone_sealed = {}, credentials = credentials + 1 WHERE id = {}",
        phone_hash, phone_sealed, customer,
    )  # fmt: skip


async def set_name(customer: int, last_name: str, first_name: str, patronymic: str) -> None:
    await Customer.update(
        {Customer.last_name: last_name, Customer.first_name: first_name, Customer.patronymic: patronymic}
    ).where(Customer.id == customer)


async def set_email(customer: int, email_hash: str, email_sealed: str, now: datetime) -> None:
    """Replace the e-mail by one that has just been confirmed."""
    await Customer.update(
        {Customer.email_hash: email_hash, Customer.email_sealed: email_sealed, Customer.email_confirmed_at: now}
    ).where(Customer.id == customer)


async def delete(customer: int) -> None:
    """Delete the customer with sessions, links and attached accounts; consents and the journal stay without them."""
    await Customer.delete().where(Customer.id == customer)


async def get(customer: int) -> CustomerRow | None:
    return await fetch_one(CustomerRow, "SELECT * FROM customers WHERE id = {}", customer)


async def attach_account(customer: int, account: int, now: datetime) -> bool:
    """Attach the account; False where it is attached already."""
    rows = await run(
        "INSERT INTO customer_accounts (customer, account, attached_at) VALUES ({}, {}, {})"
        " ON CONFLICT (customer, account) DO NOTHING RETURNING id",
        customer, account, now,
    )  # fmt: skip
    return bool(rows)


async def detach_account(customer: int, account: int) -> bool:
    """Detach the account; False where it is not attached."""
    return bool(
        await run("DELETE FROM customer_accounts WHERE customer = {} AND account = {} RETURNING id", customer, account)
    )


async def of_account(account: int) -> Sequence[SharerRow]:
    """Every customer of an account."""
    return await fetch(
        SharerRow,
        "SELECT customers.id, customers.first_name, customers.email_sealed, customers.email_confirmed_at"
        " FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer WHERE customer_accounts.account = {}",
        account,
    )


async def take_losses(portion: int) -> Sequence[LossRow]:
    """Attachments whose account has become absent, for the caller to tell their customers in this transaction."""
    taken = await run(
        "WITH taken AS MATERIALIZED"
        f" (SELECT attachment FROM account_losses ORDER BY attachment LIMIT {{}}{for_update_skip_locked()})"
        " DELETE FROM account_losses WHERE attachment IN (SELECT attachment FROM taken) RETURNING attachment",
        portion,
    )
    if not taken:
        return []
    return await fetch(
        LossRow,
        "SELECT customers.id AS customer, customers.first_name, customers.email_sealed, customers.email_confirmed_at,"
        " accounts.number, accounts.address FROM customer_accounts"
        " JOIN customers ON customers.id = customer_accounts.customer"
        " JOIN accounts ON accounts.id = customer_accounts.account"
        f" WHERE customer_accounts.id IN ({places(taken)}) ORDER BY customer_accounts.id",
        *(row["attachment"] for row in taken),
    )


async def take_ends(portion: int) -> Sequence[LossRow]:
    """Attachments that ended because their account has another owner, in the same way."""
    taken = await run(
        "WITH taken AS MATERIALIZED"
        f" (SELECT id FROM account_ends ORDER BY id LIMIT {{}}{for_update_skip_locked()})"
        " DELETE FROM account_ends WHERE id IN (SELECT id FROM taken) RETURNING customer, account",
        portion,
    )
    if not taken:
        return []
    pairs = " OR ".join("(customers.id = {} AND accounts.id = {})" for _ in taken)
    return await fetch(
        LossRow,
        "SELECT customers.id AS customer, customers.first_name, customers.email_sealed, customers.email_confirmed_at,"
        f" accounts.number, accounts.address FROM customers, accounts WHERE {pairs} ORDER BY customers.id, accounts.id",
        *(value for row in taken for value in (row["customer"], row["account"])),
    )


async def confirm_email(customer: int, now: datetime) -> None:
    await Customer.update({Customer.email_confirmed_at: now}).where(
        Customer.id == customer, Customer.email_confirmed_at.is_null()
    )
