"""«Добавить карту»: a customer proves a card by a link to the e-mail bound to it."""

from __future__ import annotations

from dataclasses import dataclass

from db import cards, customers
from db.engine import transaction
from domain import journal
from domain.delivery.messages import CardAddition
from domain.journey import Audience, Journey, Step, take_step
from domain.proofs import card_links
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session, hash_token

PATH = "/profile/cards/confirmation"


@dataclass(frozen=True)
class LinkedCard:
    """The card of a valid link; `theirs` where the customer who opens the link is the one who asked for it."""

    last_four: str
    holder_id: str
    theirs: bool


@dataclass(frozen=True)
class Addition:
    """`card` is the card of a valid link; it is stored in the link's row only."""

    card: LinkedCard | None = None
    confirmation: None = None


CARD_ADDITION = Journey("card-addition", Addition, (Step("card"), Step("confirmation")), audience=Audience.CUSTOMERS)


async def ask_for_link(
    scope: Scope, number: str, email: str
) -> Refused | list[Refused] | SessionExpired | WrongStep | PasswordNeeded | None:
    """Send the link; None where it is on its way."""

    async def ask(session: Session, _progress: Addition) -> Refused | list[Refused] | SessionExpired | None:
        customer = session.customer
        card = await card_links.find_card(scope, number, email)
        if isinstance(card, list):
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
            make_message=lambda link, renewed: CardAddition(card["last_four"], link, good_for, renewed),
        )

    return await take_step(scope, CARD_ADDITION, "card", ask)


async def link_is_valid(scope: Scope, token: str) -> bool:
    """Whether the link still adds a card. A change of password or phone makes the links sent before it void."""
    return CARD_ADDITION.may_take(await _progress(scope, token, None), "confirmation", scope.now)


async def _progress(scope: Scope, token: str, customer: int | None) -> Addition:
    """Read from the link's row."""
    link = await cards.link(hash_token(token), scope.now)
    asked = await customers.get(link["customer"]) if link and link["customer"] is not None else None
    card = await cards.get(link["number_hash"]) if link else None
    if link is None or asked is None or card is None or asked["credentials"] != link["credentials"]:
        return Addition()
    return Addition(LinkedCard(card["last_four"], link["holder_id"], theirs=asked["id"] == customer))


async def look_at(scope: Scope, customer: int, token: str) -> LinkedCard | Refused | None:
    """What the page of the link shows; the link is not used up."""
    progress = await _progress(scope, token, customer)
    if not CARD_ADDITION.may_take(progress, "confirmation", scope.now):
        return None
    assert progress.card is not None
    if progress.card.theirs and await _is_anothers(progress.card.holder_id, customer):
        return Refused(Code.HOLDER_REGISTERED)
    return progress.card


async def add(scope: Scope, customer: int, token: str) -> LinkedCard | Refused | None:
    """Add the holder's cards to the customer who asked for the link; pressed twice, once.

    Of two customers who add one card the second is refused, at every press: the link is kept for that.
    """
    async with transaction():
        await customers.lock(customer)
        linked = await look_at(scope, customer, token)
        if not isinstance(linked, LinkedCard) or not linked.theirs:
            return linked
        if await cards.link(hash_token(token), scope.now, locked=True) is None:
            return None
        if await cards.attach_holder(customer, linked.holder_id, scope.now):
            await journal.note(scope, "card-added", customer)
        elif await _is_anothers(linked.holder_id, customer):
            return Refused(Code.HOLDER_REGISTERED)
        await cards.forget_links(linked.holder_id, customer)
        return linked


async def _is_anothers(holder_id: str, customer: int) -> bool:
    holder = await cards.customer_of_holder(holder_id)
    return holder is not None and holder["id"] != customer
