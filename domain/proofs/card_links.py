"""A link sent to the e-mail bound to a card: opening it proves that card and e-mail are the same person's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from db import cards, customers
from db.cards import BoundCardRow
from domain import throttles
from domain.delivery import outbox
from domain.delivery.messages import Message
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.sessions import hash_token
from domain.throttles import DAY, HOUR, Limit


async def find_card(scope: Scope, number: str, email: str) -> BoundCardRow | list[Refused]:
    """The card bound to this e-mail. A miss is counted, and does not tell which of the two is wrong."""
    limits = tries(scope, number)
    at = await throttles.claim(scope, limits)
    if at is not None:
        return [Refused(Code.CARD_TOO_OFTEN, at=at)]
    card = await cards.bound(scope.card_hashes(number), scope.email_hashes(email))
    if card is None:
        room = await throttles.room(scope, limits)
        missed = Refused(Code.CARD_MISMATCH, left=room.left)
        return [missed] if room.left else [missed, Refused(Code.CARD_TOO_OFTEN, at=room.at)]
    await throttles.give_back(scope, limits)
    return card


async def send(
    scope: Scope,
    card: BoundCardRow,
    email: str,
    *,
    customer: int | None,
    path: str,
    make_message: Callable[[str, bool], Message],
) -> Refused | None:
    """Post a link below `path`, unless one was sent a moment ago that still works.

    `make_message` gets the link, and whether it replaces a former one. Part of the caller's transaction.
    """
    limit = limit_of_email(scope, card["holder_id"], customer)
    at = await throttles.claim(scope, [limit])
    known = await customers.get(customer) if customer is not None else None
    credentials = known["credentials"] if known else 0
    if at is not None:
        living = await cards.living_links(card["holder_id"], customer, credentials, scope.now)
        return None if living else Refused(Code.CARD_EMAIL_EARLY, at=at)
    renewed = await cards.living_links(card["holder_id"], customer, credentials, scope.now)
    await cards.forget_links(card["holder_id"], customer)
    token = secrets.token_urlsafe(32)
    await cards.add_link(
        {
            "customer": customer,
            "token_hash": hash_token(token),
            "number_hash": card["number_hash"],
            "holder_id": card["holder_id"],
            "email_sealed": scope.seal(email),
            "created_at": scope.now,
            "expires_at": scope.now + timedelta(seconds=scope.settings.card_link_lifetime),
            "credentials": credentials,
        }
    )
    message = make_message(f"{scope.settings.public_url}{path}/{token}", renewed)
    await outbox.post(scope, message, email, scope.client.language, customer=customer)
    return None


def tries(scope: Scope, number: str) -> list[Limit]:
    settings = scope.settings
    return [
        Limit("card-hour", number, settings.card_tries_hour, HOUR),
        *throttles.per_network(scope, "card-ip-hour", scope.client.ip, settings.card_tries_ip_hour, HOUR),
    ]


def limit_of_email(scope: Scope, holder_id: str, customer: int | None) -> Limit:
    return Limit("card-email", f"{holder_id}\0{customer}", 8, DAY, scope.settings.sms_waits)
