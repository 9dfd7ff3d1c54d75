"""Signing in by phone and password, and signing out. Known and unknown numbers take the same work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from db import consents, customers
from db import sessions as session_rows
from db.customers import CredentialsRow
from db.engine import transaction
from domain import device_cookies, journal, sessions, throttles
from domain.journey import Journey, Step, take_step
from domain.metrics import SIGN_INS
from domain.passwords import OverloadedError
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session
from domain.throttles import HOUR, Limit
from domain.values.people import fold_login

# The columns that a password is judged by: a change of one of them makes the judgement void.
_JUDGED: Final = ("password_hash", "password_until", "credentials")


@dataclass(frozen=True)
class SignIn:
    """`phone` is the number (E.164) that the password window is open for."""

    phone: str | None = None
    password: None = None


SIGN_IN = Journey("sign-in", SignIn, (Step("phone"), Step("password")))


async def give_phone(scope: Scope, phone: str) -> Session | SessionExpired | WrongStep | PasswordNeeded:
    """Remember which number the password window is for."""

    async def give(session: Session, progress: SignIn) -> Session:
        return await SIGN_IN.save(scope, session, replace(progress, phone=phone))

    return await take_step(scope, SIGN_IN, "phone", give)


def remember_phone(session: Session, phone: str) -> None:
    SIGN_IN.put(session, SignIn(phone))


async def by_phone(
    scope: Scope, phone: str, password: str, *, consent: str | None, remembered: bool = False
) -> Session | list[Refused]:
    """Judge the password; if it is right, end the present session and begin a new one.

    `consent` is the hash of the present text: a customer who consented only to others has to give it first.
    None for a customer who has just given it.
    """
    customer = await customers.by_phone(scope.phone_hashes(phone))
    return await _sign_in(scope, phone, customer, password, consent=consent, remembered=remembered)


async def by_login(
    scope: Scope, login: str, password: str, *, consent: str | None, remembered: bool = False
) -> Session | list[Refused]:
    """The same for a login of the card track."""
    customer = await customers.by_login(scope.login_hashes(login))
    return await _sign_in(scope, fold_login(login), customer, password, consent=consent, remembered=remembered)


async def _sign_in(
    scope: Scope,
    identifier: str,
    customer: CredentialsRow | None,
    password: str,
    *,
    consent: str | None,
    remembered: bool,
) -> Session | list[Refused]:
    refused = await judge(scope, identifier, customer, password)
    if refused:
        return refused
    assert customer is not None
    async with transaction():
        session = await sessions.lock(scope)
        # The password was verified outside of any transaction: it may have been changed meanwhile.
        if not await credentials_unchanged(customer):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        until = customer["password_until"]
        due = until is not None
        if until is not None and until <= scope.now:
            return [Refused(Code.SMS_PASSWORD_EXPIRED, "password")]
        if due and not await customers.spend_sms_password(customer["id"], customer["password_hash"]):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        await journal.note(scope, "signed-in", customer["id"])
        new_session = await sessions.replace_at_sign_in(
            scope,
            session,
            customer["id"],
            remembered=remembered,
            consent_due=consent is not None and await consents.is_due(customer["id"], consent),
        )
        new_session.password_due = due
        return new_session


async def credentials_unchanged(customer: CredentialsRow) -> bool:
    """Whether what `judge` has judged is unchanged. It cannot change until the transaction ends."""
    known = await customers.lock(customer["id"])
    return known is not None and all(known[name] == customer[name] for name in _JUDGED)


async def judge(scope: Scope, identifier: str, customer: CredentialsRow | None, password: str) -> list[Refused]:
    """Why `password` is refused; empty where it is the customer's. A try is counted for `identifier`.

    Without a customer, or for one without a password, the same work is done and it is refused.
    """
    device = device_cookies.recognised(scope, scope.client.device, customer["id"] if customer else 0)
    # A device that signed in before has a counter of its own alone: guesses from elsewhere do not lock it.
    counted = limits(scope, identifier) if device is None else [limit_of_device(scope, device)]
    refused = await _judge(scope, counted, customer, password)
    locked = any(one.code is Code.SIGN_IN_LOCKED for one in refused)
    SIGN_INS.labels("locked" if locked else "wrong" if refused else "right").inc()
    return refused


async def judge_again(scope: Scope, customer: CredentialsRow, password: str) -> list[Refused]:
    """Like `judge`, for a signed-in customer: counted for this session alone, apart from tries at the sign-in."""
    refused = await _judge(scope, [limit_of_session(scope, customer["id"])], customer, password)
    return [replace(one, code=Code.PASSWORD_WRONG) if one.code is Code.SIGN_IN_WRONG else one for one in refused]


async def _judge(
    scope: Scope,
    counted: list[Limit],
    customer: CredentialsRow | None,
    password: str,
) -> list[Refused]:
    if customer is not None and customer["password_until"] is not None:
        # Spaces that were copied with the password of an SMS. One of the customer's own making is taken as it is.
        password = password.strip()
    password_hash, number = (customer["password_hash"], customer["id"]) if customer else (None, None)
    return await judge_hash(scope, counted, password_hash, password, "sign-in-refused", number)


async def judge_hash(
    scope: Scope,
    counted: list[Limit],
    password_hash: str | None,
    password: str,
    event: str,
    customer: int | None = None,
) -> list[Refused]:
    """Why `password` is refused; the journal notes it as `event`. Without a hash the same work is done.

    The right password empties the first of `counted` and gives the others their hit back.
    """
    async with transaction():
        # Counted before it is judged, so that of many guesses at once only the allowed ones are judged.
        at = await throttles.claim(scope, counted)
    if at is not None:
        return [Refused(Code.SIGN_IN_LOCKED, "password", at)]
    source = throttles.network_of(scope.client.ip)
    try:
        right = await scope.hasher.verify(password_hash, password, source=source)
    except OverloadedError:
        # It was not judged, so it is not counted.
        async with transaction():
            await throttles.give_back(scope, counted)
        raise
    if not right:
        return await _refuse(scope, counted, event, customer)
    async with transaction():
        await throttles.give_back(scope, counted[1:], emptied=counted[:1])
    return []


async def _refuse(scope: Scope, counted: list[Limit], event: str, customer: int | None) -> list[Refused]:
    async with transaction():
        # The counter's key is a hash: by it the staff find the lock of a network or a device, which nothing else names.
        # Not for numbers of nobody: what a stranger tries in turn would be a row each.
        counter = counted[0].keys(scope)[0] if customer is not None else ""
        await journal.note_repeat(scope, event, customer, counter)
        room = await throttles.room(scope, counted)
    wrong = Refused(Code.SIGN_IN_WRONG, "password", left=room.left)
    return [wrong, Refused(Code.SIGN_IN_LOCKED, "password", room.at)] if room.at > scope.now else [wrong]


async def lift_lock(scope: Scope, identifier: str, customer: int) -> None:
    """Lift the lock of wrong passwords for a customer who has set a new one. Part of the caller's transaction."""
    device = device_cookies.recognised(scope, scope.client.device, customer)
    own = [limit_of_device(scope, device)] if device is not None else []
    # The counters of the network stay: they count the guesses at other customers too.
    await throttles.give_back(scope, [], emptied=[*own, *_of_identifier(scope, identifier)])


async def sign_out(scope: Scope) -> None:
    """End the client's session; without one there is nothing to end.

    Only a customer's sign-out gets a journal entry: a session without a row could be signed out any number of times.
    """
    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return
        await session_rows.end(session.id)
        if session.customer is not None:
            await journal.note(scope, "signed-out", session.customer)


def limits(scope: Scope, identifier: str) -> list[Limit]:
    """The counters of a sign-in from any device; the right password empties the first one."""
    settings = scope.settings
    most = max(settings.sign_in_failures_ip_hour, settings.sign_in_tries, settings.sign_in_tries_anywhere_hour)
    return [
        *_of_identifier(scope, identifier),
        *throttles.per_network(scope, "sign-in-failures-hour", scope.client.ip, most, HOUR),
    ]


def limit_of_device(scope: Scope, device: str) -> Limit:
    return _locking(scope, "sign-in-device", device)


def limit_of_session(scope: Scope, customer: int) -> Limit:
    return _locking(scope, "password-again", f"{customer}\0{sessions.hash_token(scope.client.token or '')}")


def limit_anywhere(scope: Scope, identifier: str) -> Limit:
    """Wrong passwords of one customer from everywhere, devices that signed in before apart."""
    settings = scope.settings
    return Limit("sign-in-anywhere", identifier, settings.sign_in_tries_anywhere_hour, HOUR, lock=settings.sign_in_lock)


def _of_identifier(scope: Scope, identifier: str) -> list[Limit]:
    return [
        _locking(scope, "sign-in-here", f"{identifier}\0{throttles.network_of(scope.client.ip)}"),
        limit_anywhere(scope, identifier),
    ]


def _locking(scope: Scope, kind: str, subject: str) -> Limit:
    lock = scope.settings.sign_in_lock
    return Limit(kind, subject, scope.settings.sign_in_tries, lock, lock=lock)
