"""Cards of the registry, their holders, and the links sent to the e-mails bound to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.engine import for_update, run
from db.tables import CardLink


async def bound(number_hash: str, email_hash: str) -> dict[str, Any] | None:
    """The card that is bound to this e-mail."""
    rows = await run(
        "SELECT number_hash, last_four, holder_id, login FROM cards WHERE number_hash = {} AND email_hash = {}",
        number_hash, email_hash,
    )  # fmt: skip
    return rows[0] if rows else None


async def get(number_hash: str) -> dict[str, Any] | None:
    rows = await run(
        "SELECT number_hash, last_four, holder_id, login, phone_hash FROM cards WHERE number_hash = {}", number_hash
    )
    return rows[0] if rows else None


async def customer_of_holder(holder_id: str) -> dict[str, Any] | None:
    """The customer (as by_phone in db/customers.py) whom this holder has turned out to be."""
    rows = await run(
        "SELECT customers.id, customers.password_hash, customers.password_until, customers.credentials"
        " FROM customer_holders"
        " JOIN customers ON customers.id = customer_holders.customer WHERE customer_holders.holder_id = {}",
        holder_id,
    )
    return rows[0] if rows else None


async def others_with_login(login_hash: str, holder_id: str) -> Sequence[dict[str, Any]]:
    """The other holders (`holder_id`), with cards in the registry, whom the customer with this login is."""
    return await run(
        "SELECT DISTINCT customer_holders.holder_id FROM customers"
        " JOIN customer_holders ON customer_holders.customer = customers.id"
        " JOIN cards ON cards.holder_id = customer_holders.holder_id"
        " WHERE customers.login_hash = {} AND customer_holders.holder_id <> {}",
        login_hash, holder_id,
    )  # fmt: skip


async def attach_holder(customer: int, holder_id: str, now: datetime) -> bool:
    """False where the holder is somebody's already, this customer's or another's."""
    rows = await run(
        "INSERT INTO customer_holders (customer, holder_id, attached_at) VALUES ({}, {}, {})"
        " ON CONFLICT (holder_id) DO NOTHING RETURNING id",
        customer, holder_id, now,
    )  # fmt: skip
    return bool(rows)


async def of_customer(customer: int, phone_hash: str) -> Sequence[dict[str, Any]]:
    """The cards (`last_four`) of the customer's holders, and those their phone is bound to."""
    return await run(
        "SELECT last_four FROM cards WHERE phone_hash = {}"
        " OR holder_id IN (SELECT holder_id FROM customer_holders WHERE customer = {}) ORDER BY id",
        phone_hash, customer,
    )  # fmt: skip


async def add_link(values: dict[str, Any]) -> None:
    await CardLink.insert(CardLink(**values))


async def link(token_hash: str, now: datetime, *, locked: bool = False) -> dict[str, Any] | None:
    """The living link; `locked` inside a transaction makes a second press of its button wait."""
    rows = await run(
        "SELECT id, customer, number_hash, holder_id, email_sealed, wrong_phones, credentials FROM card_links"
        " WHERE token_hash = {} AND expires_at > {}" + (for_update() if locked else ""),
        token_hash, now,
    )  # fmt: skip
    return rows[0] if rows else None


async def living_links(holder_id: str, customer: int | None, credentials: int, now: datetime) -> bool:
    rows = await run(
        "SELECT id FROM card_links WHERE holder_id = {} AND expires_at > {} AND credentials = {} AND"
        + (" customer IS NULL" if customer is None else f" customer = {int(customer)}"),
        holder_id, now, credentials,
    )  # fmt: skip
    return bool(rows)


async def forget_links(holder_id: str, customer: int | None) -> None:
    """All links of a holder for this use are void."""
    await run(
        "DELETE FROM card_links WHERE holder_id = {} AND"
        + (" customer IS NULL" if customer is None else f" customer = {int(customer)}"),
        holder_id,
    )


async def forget_links_of(customer: int) -> None:
    """Links about this customer's holders are void, whoever they were sent for."""
    await run(
        "DELETE FROM card_links WHERE holder_id IN (SELECT holder_id FROM customer_holders WHERE customer = {})",
        customer,
    )


async def count_wrong_phone(link: int) -> None:
    await run("UPDATE card_links SET wrong_phones = wrong_phones + 1 WHERE id = {}", link)


async def sweep(now: datetime) -> None:
    await run("DELETE FROM card_links WHERE expires_at <= {}", now)
