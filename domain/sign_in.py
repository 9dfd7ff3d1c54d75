"""Signing in by phone and password, and signing out. Known and unknown numbers cost the same work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db import customers, journal
from db import sessions as session_rows
from db.engine import transaction
from domain import sessions, throttles
from domain.people import clean_text
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller, Visit
from domain.throttles import HOUR, Limit

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
    limits = _limits(portal, caller, identifier)
    async with transaction():
        # Counted before it is judged: of 500 guesses at once no more than the allowed ones are looked at.
        at = await throttles.claim(portal, limits, now)
    if at is not None:
        return [Refused(Code.SIGN_IN_LOCKED, "password", at)]
    if not await portal.hasher.verify(customer["password_hash"] if customer else None, password):
        return await _refuse(portal, caller, limits, customer["id"] if customer else None, now)
    async with transaction():
        await throttles.forget(portal, limits[0])
        await throttles.give_back(portal, limits[1:])
    return []


async def _refuse(
    portal: Portal, caller: Caller, limits: list[Limit], customer: int | None, now: datetime
) -> list[Refused]:
    async with transaction():
        await journal.add(now, "sign-in-refused", customer, caller.ip, caller.user_agent)
        at = await throttles.free_at(portal, limits, now)
    refused = [Refused(Code.SIGN_IN_WRONG, "password")]
    return [*refused, Refused(Code.SIGN_IN_LOCKED, "password", at)] if at > now else refused


async def lift_lock(portal: Portal, caller: Caller, identifier: str) -> None:
    """Whoever has set a new password by SMS may use it at once. Part of the caller's transaction."""
    for limit in _limits(portal, caller, identifier):
        await throttles.forget(portal, limit)


async def sign_out(portal: Portal, caller: Caller, now: datetime) -> None:
    """End the caller's session; without one there is nothing to end."""
    async with transaction():
        visit = await sessions.lock(portal, caller, now)
        if visit is not None:
            await session_rows.end(visit.id)
            await journal.add(now, "signed-out", visit.customer, caller.ip, caller.user_agent)


def _limits(portal: Portal, caller: Caller, identifier: str) -> list[Limit]:
    settings = portal.settings
    lock = settings.sign_in_lock
    here = f"{identifier}\0{throttles.network_of(caller.ip)}"
    return [
        Limit("sign-in-here", here, settings.sign_in_tries, lock, lock=lock),
        Limit("sign-in-anywhere", identifier, settings.sign_in_tries_anywhere_hour, HOUR, lock=lock),
    ]
