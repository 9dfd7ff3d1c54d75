"""«Добавить карту»: a customer proves a card by a link to the e-mail bound to it."""

from __future__ import annotations

from dataclasses import dataclass

from db import cards, customers, journal
from db.engine import transaction
from domain.delivery.messages import CardAddition
from domain.proofs import card_links
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.sessions import hash_token

PATH = "/profile/cards/confirmation"


@dataclass(frozen=True)
class LinkedCard:
    """What a living link is about; `theirs` where the customer in front of it is the one who asked."""

    last_four: str
    theirs: bool


async def ask_for_link(scope: Scope, customer: int, number: str, email: str) -> Refused | None:
    """None where the link is on its way."""
    async with transaction():
        if await customers.lock(customer) is None:
            return Refused(Code.SESSION_LOST)
        card = await card_links.find_card(scope, number, email)
        if isinstance(card, Refused):
            return card
        holder = await cards.customer_of_holder(card["holder_id"])
        if holder is not None:
            return Refused(Code.CARD_ATTACHED if holder["id"] == customer else Code.HOLDER_REGISTERED)
        good_for = scope.settings.card_link_lifetime
        return await card_links.send(
            scope,
            card,
            email,
            customer=customer,
            path=PATH,
            letter=lambda link, renewed: CardAddition(card["last_four"], link, good_for, renewed),
        )


async def is_alive(scope: Scope, token: str) -> bool:
    """Whether the link adds a card to anybody. A new password or phone voids what was asked for before it."""
    link = await cards.link(hash_token(token), scope.now)
    asked = await customers.get(link["customer"]) if link and link["customer"] is not None else None
    return link is not None and asked is not None and asked["credentials"] == link["credentials"]


async def look_at(scope: Scope, customer: int, token: str) -> LinkedCard | Refused | None:
    """What the link's page shows; nothing is spent."""
    link = await cards.link(hash_token(token), scope.now)
    card = await cards.get(link["number_hash"]) if link and link["customer"] is not None else None
    if link is None or card is None:
        return None
    if not await is_alive(scope, token):
        return None
    theirs = link["customer"] == customer
    if theirs and await _is_anothers(link["holder_id"], customer):
        return Refused(Code.HOLDER_REGISTERED)
    return LinkedCard(card["last_four"], theirs)


async def add(scope: Scope, customer: int, token: str) -> LinkedCard | Refused | None:
    """Add the holder's cards to the customer who asked; pressed twice they are added once.

    Of two customers who add one card the second is told so, as often as they ask: their link stays.
    """
    async with transaction():
        await customers.lock(customer)
        linked = await look_at(scope, customer, token)
        if not isinstance(linked, LinkedCard) or not linked.theirs:
            return linked
        link = await cards.link(hash_token(token), scope.now, locked=True)
        if link is None:
            return None
        if await cards.attach_holder(customer, link["holder_id"], scope.now):
            await journal.add(scope.now, "card-added", customer, scope.client.ip, scope.client.user_agent)
        elif await _is_anothers(link["holder_id"], customer):
            return Refused(Code.HOLDER_REGISTERED)
        await cards.forget_links(link["holder_id"], customer)
        return linked


async def _is_anothers(holder_id: str, customer: int) -> bool:
    holder = await cards.customer_of_holder(holder_id)
    return holder is not None and holder["id"] != customer
