"""A link to the e-mail bound to a card: whoever reads it holds both."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from db import cards, customers
from domain import throttles
from domain.delivery import outbox
from domain.delivery.messages import Message
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller, hash_token
from domain.throttles import DAY, HOUR, Limit
from domain.values.people import fold_email


async def find_card(portal: Portal, caller: Caller, number: str, email: str, now: datetime) -> dict[str, Any] | Refused:
    """The card bound to this e-mail; a miss tells not which of the two is wrong, and is counted."""
    number_hash = portal.sealing.keyed_hash("card", number)
    limits = tries(portal, caller, number)
    at = await throttles.claim(portal, limits, now)
    if at is not None:
        return Refused(Code.CARD_TOO_OFTEN, at=at)
    card = await cards.bound(number_hash, portal.sealing.keyed_hash("email", fold_email(email)))
    if card is None:
        return Refused(Code.CARD_MISMATCH)
    await throttles.give_back(portal, limits)
    return card


async def send(
    portal: Portal,
    caller: Caller,
    card: dict[str, Any],
    email: str,
    now: datetime,
    *,
    customer: int | None,
    path: str,
    letter: Callable[[str, bool], Message],
) -> Refused | None:
    """Post a link below `path`, unless one was sent a moment ago: that one still works.

    `letter` makes the message of link and whether a former one is void now. Part of the caller's transaction.
    """
    limit = limit_of_email(portal, card["holder_id"], customer)
    at = await throttles.claim(portal, [limit], now)
    known = await customers.get(customer) if customer is not None else None
    credentials = known["credentials"] if known else 0
    if at is not None:
        living = await cards.living_links(card["holder_id"], customer, credentials, now)
        return None if living else Refused(Code.CARD_EMAIL_EARLY, at=at)
    renewed = await cards.living_links(card["holder_id"], customer, credentials, now)
    await cards.forget_links(card["holder_id"], customer)
    token = secrets.token_urlsafe(32)
    await cards.add_link(
        {
            "customer": customer,
            "token_hash": hash_token(token),
            "number_hash": card["number_hash"],
            "holder_id": card["holder_id"],
            "email_sealed": portal.sealing.seal(email),
            "created_at": now,
            "expires_at": now + timedelta(seconds=portal.settings.card_link_lifetime),
            "credentials": credentials,
        }
    )
    message = letter(f"{portal.settings.public_url}{path}/{token}", renewed)
    await outbox.post(portal, message, email, now, caller.language)
    return None


def tries(portal: Portal, caller: Caller, number: str) -> list[Limit]:
    settings = portal.settings
    return [
        Limit("card-hour", number, settings.card_tries_hour, HOUR),
        *throttles.per_network(portal, "card-ip-hour", caller.ip, settings.card_tries_ip_hour, HOUR),
    ]


def limit_of_email(portal: Portal, holder_id: str, customer: int | None) -> Limit:
    return Limit("card-email", f"{holder_id}\0{customer}", 8, DAY, portal.settings.sms_waits)
