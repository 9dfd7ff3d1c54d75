"""One-time codes by SMS: when one may be sent, and whether the one typed is it.

Codes belong to a phone and a purpose, not to a session: two first requests of one browser, or two tabs,
share the one SMS. So do the wrong tries, else each new session would bring five more guesses.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from db import one_time_codes
from domain import outbox, throttles
from domain.messages import Message
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller
from domain.throttles import DAY, HOUR, Limit


@dataclass(frozen=True)
class Purpose:
    """What a code is for, and the message that carries it (code, minutes -> message)."""

    name: str
    message: Callable[[str, int], Message]


class Verdict(Enum):
    CORRECT = auto()
    # The code that this very sender has used a moment ago: the button was pressed twice, or the answer was lost.
    REPEATED = auto()
    WRONG = auto()
    # Wrong, and it was the last try.
    WRONG_AND_LAST = auto()
    EXHAUSTED = auto()
    LAPSED = auto()


async def send(
    portal: Portal, purpose: Purpose, phone: str, caller: Caller, now: datetime, *, expected: bool = True
) -> datetime | None:
    """Send a code to `phone` (E.164), or return when that may be done. Part of the caller's transaction.

    A phone that is not `expected` gets none, while everything that can be seen from outside goes on as if it did.
    """
    at = await throttles.claim(portal, _limits(portal, phone, caller), now)
    if at is not None:
        return at
    settings = portal.settings
    phone_hash = portal.sealing.keyed_hash("phone", phone)
    tries = max((row["wrong_tries"] for row in await one_time_codes.living(purpose.name, phone_hash, now)), default=0)
    if tries >= settings.code_tries:
        # All earlier codes are void and the customer was told to ask for a new one: it begins anew.
        await one_time_codes.forget(purpose.name, phone_hash)
        tries = 0
    code = f"{secrets.randbelow(10**settings.code_digits):0{settings.code_digits}d}"
    await one_time_codes.add(
        {
            "purpose": purpose.name,
            "phone_hash": phone_hash,
            "code_hash": _code_hash(portal, purpose, phone, code),
            "sent_at": now,
            "expires_at": now + timedelta(seconds=settings.code_lifetime),
            "wrong_tries": tries,
        }
    )
    if expected:
        await outbox.post(portal, purpose.message(code, settings.code_lifetime // 60), phone, now, caller.language)
    return None


async def is_under_way(portal: Portal, purpose: Purpose, phone: str, now: datetime) -> bool:
    """Whether a code that can still be typed has been sent."""
    rows = await one_time_codes.living(purpose.name, portal.sealing.keyed_hash("phone", phone), now)
    return any(row["wrong_tries"] < portal.settings.code_tries for row in rows)


async def next_at(portal: Portal, phone: str, caller: Caller, now: datetime) -> datetime:
    """When another code may be sent to `phone`; `now` where it may already."""
    return await throttles.free_at(portal, _limits(portal, phone, caller), now)


async def judge(
    portal: Portal, purpose: Purpose, phone: str, typed: str, caller: Caller, now: datetime, *, expected: bool = True
) -> Verdict:
    """Compare what was typed with every living code of `phone`; the right one uses all of them up.

    A used code is kept, with the cookie it came with, until it lapses: the same request sent again is `REPEATED`,
    anyone else's is too late. Where the code is not `expected` from this sender, no code is right.
    """
    phone_hash = portal.sealing.keyed_hash("phone", phone)
    rows = await one_time_codes.claim_try(purpose.name, phone_hash, now, portal.settings.code_tries)
    typed_hash = _code_hash(portal, purpose, phone, read_code(typed))
    # A list, not a loop that ends early: as many comparisons whichever of them fits.
    right = [row for row in rows if hmac.compare_digest(row["code_hash"], typed_hash) and expected]
    unused = [row for row in rows if not row["used_by"]]
    sender = portal.sealing.keyed_hash("code use", caller.token or "")
    if good := [row for row in right if not row["used_by"]]:
        await one_time_codes.use(purpose.name, phone_hash, good[0]["id"], sender)
        return Verdict.CORRECT
    if any(hmac.compare_digest(row["used_by"], sender) for row in right):
        for row in rows:
            await one_time_codes.give_back_try(row["id"])
        return Verdict.REPEATED
    if not unused:
        living = await one_time_codes.living(purpose.name, phone_hash, now)
        return Verdict.EXHAUSTED if living else Verdict.LAPSED
    last = max(row["wrong_tries"] for row in unused) >= portal.settings.code_tries
    return Verdict.WRONG_AND_LAST if last else Verdict.WRONG


async def void(portal: Portal, purpose: Purpose, phone: str, now: datetime) -> None:
    """The codes on their way to `phone` have lapsed: what they were sent for is no longer so."""
    await one_time_codes.void(purpose.name, portal.sealing.keyed_hash("phone", phone), now)


def proof_of(purpose: Purpose, phone: str, typed: str) -> str:
    """What a session's new id is derived from, beside its former one (domain/sessions.py)."""
    return f"{purpose.name}\0{phone}\0{read_code(typed)}"


def refused_code(verdict: Verdict) -> list[Refused]:
    """What the customer is told of a verdict that is not `CORRECT`."""
    codes = {
        Verdict.WRONG: [Code.CODE_WRONG],
        # Both, so that the customer learns at once that trying on is in vain.
        Verdict.WRONG_AND_LAST: [Code.CODE_WRONG, Code.CODE_EXHAUSTED],
        Verdict.EXHAUSTED: [Code.CODE_EXHAUSTED],
        Verdict.LAPSED: [Code.CODE_LAPSED],
        # What it led to has ended meanwhile.
        Verdict.REPEATED: [Code.CODE_LAPSED],
    }
    return [Refused(code, "code") for code in codes[verdict]]


def read_code(text: str) -> str:
    """The digits of a code pasted with spaces, dashes or full-width digits."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())[:20]


def _code_hash(portal: Portal, purpose: Purpose, phone: str, code: str) -> str:
    return portal.sealing.keyed_hash(f"code {purpose.name}", f"{phone}\0{code}")


def _limits(portal: Portal, phone: str, caller: Caller) -> list[Limit]:
    settings = portal.settings
    return [
        Limit("sms-phone-hour", phone, settings.sms_per_phone_hour, HOUR, settings.sms_waits),
        Limit("sms-phone-day", phone, settings.sms_per_phone_day, DAY),
        Limit("sms-ip-hour", throttles.network_of(caller.ip), settings.sms_per_ip_hour, HOUR),
        Limit("sms-portal-day", "", settings.sms_budget_day, DAY),
    ]
