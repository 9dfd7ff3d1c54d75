"""Cards of the registry, their holders, and the links sent to the e-mails bound to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.customers import CredentialsRow
from db.engine import fetch, fetch_one, for_update, places, run
from db.tables import CardLink


class BoundCardRow(TypedDict):
    """A card as the company's registry has it."""

    number_hash: str
    last_four: str
    holder_id: str
    login: str


class CardRow(BoundCardRow):
    phone_hash: str


class HolderRow(TypedDict):
    holder_id: str


class ListedCardRow(TypedDict):
    last_four: str


class CardLinkRow(TypedDict):
    """`customer` has asked to add the card; None for a registration."""

    id: int
    customer: int | None
    number_hash: str
    holder_id: str
    email_sealed: str
    wrong_phones: int
    credentials: int


class NewCardLink(TypedDict):
    customer: int | None
    token_hash: str
    number_hash: str
    holder_id: str
    email_sealed: str
    created_at: datetime
    expires_at: datetime
    credentials: int


async def bound(number_hashes: tuple[str, ...], email_hashes: tuple[str, ...]) -> BoundCardRow | None:
    """The card that is bound to this e-mail; the newest row of it."""
    return await fetch_one(
        BoundCardRow,
        "SELECT number_hash, last_four, holder_id, login FROM cards"
        f" WHERE number_hash IN ({places(number_hashes)}) AND email_hash IN ({places(email_hashes)})"
        " ORDER BY id DESC LIMIT 1",
        *number_hashes, *email_hashes,
    )  # fmt: skip


async def get(number_hash: str) -> CardRow | None:
    return await fetch_one(
        CardRow,
        "SELECT number_hash, last_four, holder_id, login, phone_hash FROM cards WHERE number_hash = {}",
        number_hash,
    )


async def has_phone(phone_hashes: tuple[str, ...]) -> bool:
    """Whether a card is bound to this phone."""
    return bool(
        await run(f"SELECT 1 AS bound FROM cards WHERE phone_hash IN ({places(phone_hashes)}) LIMIT 1", *phone_hashes)
    )


async def customer_of_holder(holder_id: str) -> CredentialsRow | None:
    """The customer who has proved to be this holder."""
    return await fetch_one(
        CredentialsRow,
        "SELECT customers.id, customers.password_hash, customers.password_until, customers.credentials"
        " FROM customer_holders"
        " JOIN customers ON customers.id = customer_holders.customer WHERE customer_holders.holder_id = {}",
        holder_id,
    )


async def others_with_login(login_hashes: tuple[str, ...], holder_id: str) -> Sequence[HolderRow]:
    """The other holders, with cards in the registry, of the customer with this login."""
    return await fetch(
        HolderRow,
        "SELECT DISTINCT customer_holders.holder_id FROM customers"
        " JOIN customer_holders ON customer_holders.customer = customers.id"
        " JOIN cards ON cards.holder_id = customer_holders.holder_id"
        f" WHERE customers.login_hash IN ({places(login_hashes)}) AND customer_holders.holder_id <> {{}}",
        *login_hashes, holder_id,
    )  # fmt: skip


async def attach_holder(customer: int, holder_id: str, now: datetime) -> bool:
    """Attach the holder; False where it is attached already, to this customer or another one."""
    rows = await run(
        "INSERT INTO customer_holders (customer, holder_id, attached_at) VALUES ({}, {}, {})"
        " ON CONFLICT (holder_id) DO NOTHING RETURNING id",
        customer, holder_id, now,
    )  # fmt: skip
    return bool(rows)


async def of_customer(customer: int, phone_hashes: tuple[str, ...]) -> Sequence[ListedCardRow]:
    """The cards of the customer's holders, and those their phone is bound to."""
    return await fetch(
        ListedCardRow,
        f"SELECT last_four FROM cards WHERE phone_hash IN ({places(phone_hashes)})"
        " OR holder_id IN (SELECT holder_id FROM customer_holders WHERE customer = {}) ORDER BY id",
        *phone_hashes, customer,
    )  # fmt: skip


async def add_link(values: NewCardLink) -> None:
    await CardLink.insert(CardLink(**values))


async def link(token_hash: str, now: datetime, *, locked: bool = False) -> CardLinkRow | None:
    """The link, if it has not expired; `locked` in a transaction makes a second press of its button wait."""
    return await fetch_one(
        CardLinkRow,
        "SELECT id, customer, number_hash, holder_id, email_sealed, wrong_phones, credentials FROM card_links"
        " WHERE token_hash = {} AND expires_at > {}" + (for_update() if locked else ""),
        token_hash, now,
    )  # fmt: skip


async def living_links(holder_id: str, customer: int | None, credentials: int, now: datetime) -> bool:
    rows = await run(
        "SELECT id FROM card_links WHERE holder_id = {} AND expires_at > {} AND credentials = {} AND"
        + (" customer IS NULL" if customer is None else f" customer = {int(customer)}"),
        holder_id, now, credentials,
    )  # fmt: skip
    return bool(rows)


async def forget_links(holder_id: str, customer: int | None) -> None:
    """Delete all links of a holder for this customer, or for a registration."""
    await CardLink.delete().where(CardLink.holder_id == holder_id, CardLink.customer == customer)


async def forget_links_of(customer: int) -> None:
    """Delete the links of this customer's holders, whichever customer asked for them."""
    await run(
        "DELETE FROM card_links WHERE holder_id IN (SELECT holder_id FROM customer_holders WHERE customer = {})",
        customer,
    )


async def count_wrong_phone(link: int) -> None:
    await run("UPDATE card_links SET wrong_phones = wrong_phones + 1 WHERE id = {}", link)


async def sweep(now: datetime) -> None:
    await CardLink.delete().where(CardLink.expires_at <= now)
