"""Registration by card: card and e-mail, a link, the phone, a password by SMS."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from db import cards, customers
from db import sessions as session_rows
from db.cards import BoundCardRow, CardLinkRow, CardRow
from db.engine import transaction
from domain import journal
from domain.delivery import outbox
from domain.delivery.messages import CardPassword
from domain.delivery.messages import CardRegistration as CardRegistrationMessage
from domain.journey import Journey, Step
from domain.proofs import captcha, card_links
from domain.proofs.captcha import CaptchaAnswer
from domain.refusals import Code, HolderRegistered, LoginTaken, Refused
from domain.registration.progress import KnownPhone
from domain.scope import Scope
from domain.sessions import hash_token
from domain.sign_in.password_change import void_recoveries
from domain.values.people import fold_email

log = logging.getLogger("kabinet.registry")

PATH = "/registration/card/phone"
# Without characters that look alike, such as 0/O and 1/l/I.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRSTUVWXYZ2345679"
_LENGTH = 10


@dataclass(frozen=True)
class LinkVoid:
    """The link has expired, has been used, or was never sent."""


async def ask_for_link(
    scope: Scope, number: str, email: str, answer: CaptchaAnswer
) -> Refused | list[Refused] | HolderRegistered | LoginTaken | None:
    """Step one: None where the e-mail with login and link is on its way."""
    about = f"{number}\0{fold_email(email)}"
    async with transaction():
        judged = await captcha.judge(scope, answer.token, answer.typed, about=about)
        if isinstance(judged, Refused):
            return judged
        if not judged:
            return None
        card = await card_links.find_card(scope, number, email)
        if isinstance(card, list):
            return card
        if await cards.customer_of_holder(card["holder_id"]) is None and await _other_holders(scope, card):
            return await _login_taken(scope, card)
        if await _has_password(scope, card):
            return HolderRegistered()
        good_for = scope.settings.card_link_lifetime
        refused = await card_links.send(
            scope,
            card,
            email,
            customer=None,
            path=PATH,
            make_message=lambda link, renewed: CardRegistrationMessage(card["login"], link, good_for, renewed),
        )
        if refused is None:
            await captcha.remember_use(scope, answer.token, answer.typed, about=about)
        return refused


@dataclass(frozen=True)
class LinkedCard:
    """A valid link and its card: rows of db/cards.py."""

    link: CardLinkRow
    card: CardRow


@dataclass(frozen=True)
class CardRegistration:
    """`card` is stored in the link's row only; the step `phone` makes the customer, who then sets a password."""

    card: LinkedCard | None = None
    phone: int | None = None
    password: None = None


REGISTRATION_BY_CARD = Journey("card-registration", CardRegistration, (Step("card"), Step("phone"), Step("password")))


async def _progress(scope: Scope, token: str, *, locked: bool = False) -> CardRegistration:
    """The progress, read from the link's row."""
    link = await cards.link(hash_token(token), scope.now, locked=locked)
    card = await cards.get(link["number_hash"]) if link and link["customer"] is None else None
    return CardRegistration(LinkedCard(link, card) if link and card else None)


async def link_is_valid(scope: Scope, token: str) -> bool:
    """Whether the link opens step two; it is not used up."""
    return REGISTRATION_BY_CARD.may_take(await _progress(scope, token), "phone", scope.now)


async def give_phone(
    scope: Scope, token: str, phone: str, answer: CaptchaAnswer
) -> Refused | LinkVoid | KnownPhone | HolderRegistered | LoginTaken | None:
    """Step two: None where the password is on its way. The fifth wrong phone ends the link."""
    about = f"{token}\0{phone}"
    if not await link_is_valid(scope, token):
        return LinkVoid()
    # Made before the transaction: Argon2 must not keep the only writer waiting.
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    password_hash = await scope.hasher.hash(password)
    async with transaction():
        judged = await captcha.judge(scope, answer.token, answer.typed, about=about)
        if judged is False:
            return None
        await _lock_holder(scope, token)
        progress = await _progress(scope, token, locked=True)
        if not REGISTRATION_BY_CARD.may_take(progress, "phone", scope.now):
            return LinkVoid()
        assert progress.card is not None
        link, card = progress.card.link, progress.card.card
        if isinstance(judged, Refused):
            return judged
        if card["phone_hash"] not in scope.phone_hashes(phone):
            return await _miss(scope, link)
        outcome = await _register(scope, card, link, phone, password_hash)
        if isinstance(outcome, LoginTaken):
            # The link stays valid: it works once the registry is corrected.
            return outcome
        await cards.forget_links(card["holder_id"], None)
        if isinstance(outcome, int):
            await _send_password(scope, outcome, phone, password)
            await captcha.remember_use(scope, answer.token, answer.typed, about=about)
            return None
        return outcome


async def _lock_holder(scope: Scope, token: str) -> None:
    """Lock the customer whom the holder is, if any: they may be setting a password at this moment."""
    link = await cards.link(hash_token(token), scope.now)
    holder = await cards.customer_of_holder(link["holder_id"]) if link else None
    if holder is not None:
        await customers.lock(holder["id"])


async def _miss(scope: Scope, link: CardLinkRow) -> Refused | LinkVoid:
    await cards.count_wrong_phone(link["id"])
    left = scope.settings.card_phone_tries - link["wrong_phones"] - 1
    if left <= 0:
        await cards.forget_links(link["holder_id"], None)
        return LinkVoid()
    return Refused(Code.CARD_PHONE_WRONG, "phone", left=left)


async def _register(
    scope: Scope, card: CardRow, link: CardLinkRow, phone: str, password_hash: str
) -> KnownPhone | HolderRegistered | LoginTaken | int:
    """Make or find the holder's customer and give them the password of the SMS; their id, or why not.

    Like any new password it ends the sessions and grants of the former one: a reader of an earlier SMS may be signed in
    with that and about to set a password.
    """
    if await _has_password(scope, card):
        return HolderRegistered()
    holder = await cards.customer_of_holder(card["holder_id"])
    customer = holder["id"] if holder else await _make_customer(scope, card, link, phone)
    if not isinstance(customer, int):
        return customer
    until = scope.now + timedelta(seconds=scope.settings.sms_password_lifetime)
    await customers.set_sms_password(customer, password_hash, until)
    await session_rows.end_all(customer)
    row = await customers.get(customer)
    assert row is not None
    await void_recoveries(scope, row)
    return customer


async def _send_password(scope: Scope, customer: int, phone: str, password: str) -> None:
    message = CardPassword(password, scope.settings.sms_password_lifetime)
    await outbox.post(scope, message, phone, scope.client.language, customer=customer)
    await journal.note(scope, "card-registered", customer)


async def _make_customer(
    scope: Scope, card: CardRow, link: CardLinkRow, phone: str
) -> KnownPhone | HolderRegistered | LoginTaken | int:
    """The new customer with all cards of the holder, or why there cannot be one."""
    email = scope.unseal(link["email_sealed"])
    customer = await customers.add(
        {
            "phone_hash": scope.phone_hash(phone),
            "phone_sealed": scope.seal(phone),
            "last_name": "",
            "first_name": "",
            "patronymic": "",
            "email_hash": scope.email_hash(email),
            "email_sealed": scope.seal(email),
            # Reaching this link proves the e-mail.
            "email_confirmed_at": scope.now,
            "login": card["login"],
            "login_hash": scope.login_hash(card["login"]),
            "registered_at": scope.now,
        },
        (*scope.phone_hashes(phone)[1:], *scope.login_hashes(card["login"])[1:]),
    )
    if customer is None:
        # The phone has a customer already, who signs in and adds the card to the profile.
        known = await customers.by_phone(scope.phone_hashes(phone))
        return KnownPhone(phone) if known is not None else await _login_taken(scope, card)
    if not await cards.attach_holder(customer, card["holder_id"], scope.now):
        # The card was added to another customer's profile at the same moment.
        await customers.delete(customer)
        return HolderRegistered()
    return customer


async def _has_password(scope: Scope, card: BoundCardRow) -> bool:
    """Whether the holder has registered and set a password, perhaps with another card.

    Where the registry has given the holder another id they are found by the login, unless other holders have that too.
    """
    holder = await cards.customer_of_holder(card["holder_id"])
    if holder is None and not await _other_holders(scope, card):
        holder = await customers.by_login(scope.login_hashes(card["login"]))
    return holder is not None and holder["password_hash"] is not None and holder["password_until"] is None


async def _other_holders(scope: Scope, card: BoundCardRow) -> list[str]:
    """The ids of other holders whose customer has the login of this card's holder."""
    rows = await cards.others_with_login(scope.login_hashes(card["login"]), card["holder_id"])
    return [row["holder_id"] for row in rows]


async def _login_taken(scope: Scope, card: BoundCardRow) -> LoginTaken:
    """The customer is asked to call the company; the log tells the operator which holders contradict each other."""
    others = ", ".join(map(repr, await _other_holders(scope, card))) or "a holder who has no cards any more"
    log.error("the login of holder %r is that of %s: correct the registry and import it", card["holder_id"], others)
    return LoginTaken()
