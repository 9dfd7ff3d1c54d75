"""Signing in by phone and password, and signing out. Known and unknown numbers cost the same work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db import customers, journal
from db import sessions as session_rows
from db.engine import transaction
from domain import device_cookies, sessions, throttles
from domain.journal_sums import sum_key
from domain.passwords import OverloadedError
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller, Visit
from domain.throttles import HOUR, Limit
from domain.values.people import clean_text

_PHONE_KEY = "sign_in_phone"
# What a password is judged by: where one of these has changed meanwhile, the judgement is void.
_JUDGED = ("password_hash", "password_until", "credentials")


async def give_phone(portal: Portal, caller: Caller, phone: str, now: datetime) -> Visit:
    """Remember which number the password window is for."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now) or sessions.begin_unproved(portal, now)
        remember_phone(visit, phone)
        await sessions.keep(portal, visit, now)
        return visit


def remember_phone(visit: Visit, phone: str) -> None:
    visit.progress[_PHONE_KEY] = phone


def phone_given(visit: Visit | None) -> str:
    """E.164, or empty where no number has been given yet."""
    return str(visit.progress.get(_PHONE_KEY, "")) if visit else ""


async def by_phone(
    portal: Portal, caller: Caller, phone: str, password: str, now: datetime, *, remembered: bool = False
) -> Visit | list[Refused]:
    """Judge the password; the returned visit is a new session, the one that led here has ended."""
    customer = await customers.by_phone(portal.sealing.keyed_hash("phone", phone))
    return await _enter(portal, caller, phone, customer, password, now, remembered=remembered)


async def by_login(
    portal: Portal, caller: Caller, login: str, password: str, now: datetime, *, remembered: bool = False
) -> Visit | list[Refused]:
    """The same for a login of the card track."""
    customer = await customers.by_login(login_hash(portal, login))
    return await _enter(portal, caller, fold_login(login), customer, password, now, remembered=remembered)


def fold_login(login: str) -> str:
    """The form in which two spellings of a login are equal."""
    return clean_text(login).casefold()


def login_hash(portal: Portal, login: str) -> str:
    return portal.sealing.keyed_hash("login", fold_login(login))


async def _enter(
    portal: Portal,
    caller: Caller,
    identifier: str,
    customer: dict[str, Any] | None,
    password: str,
    now: datetime,
    *,
    remembered: bool,
) -> Visit | list[Refused]:
    refused = await judge(portal, caller, identifier, customer, password, now)
    if refused:
        return refused
    assert customer is not None
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        # The password was verified outside of any transaction: whoever has changed it meanwhile has ended this sign-in.
        if not await still_judged(customer):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        due = customer["password_until"] is not None
        if due and customer["password_until"] <= now:
            return [Refused(Code.SMS_PASSWORD_LAPSED, "password")]
        if due and not await customers.spend_sms_password(customer["id"], customer["password_hash"]):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        await journal.add(now, "signed-in", customer["id"], caller.ip, caller.user_agent)
        entered = await sessions.succeed(portal, caller, visit, customer["id"], now, remembered=remembered)
        entered.password_due = due
        return entered


async def still_judged(customer: dict[str, Any]) -> bool:
    """Whether what `judge` has judged is still so; it stays so until the transaction ends."""
    known = await customers.lock(customer["id"])
    return known is not None and all(known[name] == customer[name] for name in _JUDGED)


async def judge(
    portal: Portal, caller: Caller, identifier: str, customer: dict[str, Any] | None, password: str, now: datetime
) -> list[Refused]:
    """Whether `password` is the customer's, counted against `identifier`; empty where it is.

    Without a customer, or for one without a password, the same work is done and the answer is no.
    """
    device = device_cookies.recognised(portal, caller.device, customer["id"] if customer else 0, now)
    # A device that signed in before has its own counter and no other: nobody else's guesses lock it.
    counted = limits(portal, caller, identifier) if device is None else [limit_of_device(portal, device)]
    return await _judge(portal, caller, counted, customer, password, now)


async def judge_again(
    portal: Portal, caller: Caller, customer: dict[str, Any], password: str, now: datetime
) -> list[Refused]:
    """The same for whoever is signed in: counted by this session, whatever others have tried at the sign-in."""
    return await _judge(portal, caller, [limit_of_session(portal, caller, customer["id"])], customer, password, now)


async def _judge(
    portal: Portal,
    caller: Caller,
    counted: list[Limit],
    customer: dict[str, Any] | None,
    password: str,
    now: datetime,
) -> list[Refused]:
    """The first of `counted` is emptied by the right password, the others get their hit back."""
    async with transaction():
        # Counted before it is judged: of 500 guesses at once no more than the allowed ones are looked at.
        at = await throttles.claim(portal, counted, now)
    if at is not None:
        return [Refused(Code.SIGN_IN_LOCKED, "password", at)]
    password_hash, source = customer["password_hash"] if customer else None, throttles.network_of(caller.ip)
    try:
        right = await portal.hasher.verify(password_hash, password, source=source)
    except OverloadedError:
        # Not looked at, so not counted.
        async with transaction():
            await throttles.give_back(portal, counted)
        raise
    if not right:
        return await _refuse(portal, caller, counted, customer["id"] if customer else None, now)
    async with transaction():
        await throttles.give_back(portal, counted[1:], emptied=counted[:1])
    return []


async def _refuse(
    portal: Portal, caller: Caller, counted: list[Limit], customer: int | None, now: datetime
) -> list[Refused]:
    async with transaction():
        key = sum_key(portal, "sign-in-refused", customer, caller.ip, now)
        await journal.add_repeat(now, "sign-in-refused", customer, caller.ip, caller.user_agent, key)
        at = await throttles.free_at(portal, counted, now)
    refused = [Refused(Code.SIGN_IN_WRONG, "password")]
    return [*refused, Refused(Code.SIGN_IN_LOCKED, "password", at)] if at > now else refused


async def lift_lock(portal: Portal, caller: Caller, identifier: str, customer: int, now: datetime) -> None:
    """Whoever has set a new password by SMS may use it at once. Part of the caller's transaction."""
    device = device_cookies.recognised(portal, caller.device, customer, now)
    own = [limit_of_device(portal, device)] if device is not None else []
    # Not those of the network: one customer's new password says nothing about the others there.
    await throttles.give_back(portal, [], emptied=[*own, *_of_identifier(portal, caller, identifier)])


async def sign_out(portal: Portal, caller: Caller, now: datetime) -> None:
    """End the caller's session; without one there is nothing to end.

    Only a customer's sign-out is written down: progress that lives in the cookie alone can be sent again and again.
    """
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is None:
            return
        await session_rows.end(visit.id)
        if visit.customer is not None:
            await journal.add(now, "signed-out", visit.customer, caller.ip, caller.user_agent)


def limits(portal: Portal, caller: Caller, identifier: str) -> list[Limit]:
    """What a sign-in from anywhere counts in; the first one begins anew with the right password."""
    settings = portal.settings
    most = max(settings.sign_in_failures_ip_hour, settings.sign_in_tries, settings.sign_in_tries_anywhere_hour)
    return [
        *_of_identifier(portal, caller, identifier),
        *throttles.per_network(portal, "sign-in-failures-hour", caller.ip, most, HOUR),
    ]


def limit_of_device(portal: Portal, device: str) -> Limit:
    return _locking(portal, "sign-in-device", device)


def limit_of_session(portal: Portal, caller: Caller, customer: int) -> Limit:
    return _locking(portal, "password-again", f"{customer}\0{sessions.hash_token(caller.token or '')}")


def _of_identifier(portal: Portal, caller: Caller, identifier: str) -> list[Limit]:
    settings = portal.settings
    anywhere, lock = settings.sign_in_tries_anywhere_hour, settings.sign_in_lock
    return [
        _locking(portal, "sign-in-here", f"{identifier}\0{throttles.network_of(caller.ip)}"),
        Limit("sign-in-anywhere", identifier, anywhere, HOUR, lock=lock),
    ]


def _locking(portal: Portal, kind: str, subject: str) -> Limit:
    lock = portal.settings.sign_in_lock
    return Limit(kind, subject, portal.settings.sign_in_tries, lock, lock=lock)
