"""One-time codes by SMS: when one may be sent, and whether a typed code is right.

Codes belong to a phone and a purpose, not to a session: two first requests of one browser, or two tabs,
share one SMS. Wrong tries belong to phone and purpose too: else each new session would give five more guesses.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from db import customers, one_time_codes
from domain import journal, sessions, throttles
from domain.delivery import outbox
from domain.delivery.messages import Message
from domain.proofs import sms_limits
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.sessions import Session
from domain.throttles import Limit


@dataclass(frozen=True)
class Purpose:
    """What a code is for, the message that carries it (code, seconds it is good for -> message), its budget's name."""

    name: str
    message: Callable[[str, int], Message]
    budget: str = ""


class Verdict(Enum):
    CORRECT = auto()
    # Right, and used by the same browser before: a second press, or a lost answer.
    REPEATED = auto()
    WRONG = auto()
    EXHAUSTED = auto()
    EXPIRED = auto()


@dataclass(frozen=True)
class Judgement:
    """`left` is how many tries are left after a wrong code."""

    verdict: Verdict
    left: int = 0


async def send(scope: Scope, purpose: Purpose, phone: str, *, also: Sequence[Limit] = ()) -> datetime | None:
    """Send a code to `phone` (E.164), or return when one may be sent. Part of the caller's transaction.

    `also` are further limits of this purpose.
    """
    limits = [*sms_limits.of_sending(scope, phone, purpose.budget), *also]
    at = await throttles.claim(scope, limits, watched=[sms_limits.of_wrong_codes(scope, purpose.name, phone)])
    if at is not None:
        return at
    await add_code(scope, purpose, phone, phone, sent=True)
    await note_request(scope, purpose, phone, sent=True)
    return None


async def is_under_way(scope: Scope, purpose: Purpose, subject: str) -> bool:
    """Whether a code that can still be typed has been sent."""
    rows = await one_time_codes.living(purpose.name, scope.phone_hash(subject), scope.now)
    typable = any(row["wrong_tries"] < scope.settings.code_tries for row in rows)
    return (
        typable
        and await throttles.free_at(scope, [sms_limits.of_wrong_codes(scope, purpose.name, subject)]) <= scope.now
    )


async def next_at(scope: Scope, purpose: Purpose, phone: str) -> datetime:
    """When another code may be sent to `phone`; `now` where it may already."""
    limits = sms_limits.of_sending(scope, phone, purpose.budget)
    return await throttles.free_at(scope, [*limits, sms_limits.of_wrong_codes(scope, purpose.name, phone)])


async def judge(scope: Scope, purpose: Purpose, phone: str, typed: str, *, expected: bool = True) -> Judgement:
    """Compare `typed`, as read by `read_code`, with every valid code of `phone`; the right one uses all of them up.

    For a recovery `phone` is `RecoveryRequest.subject`. Wrong codes are also counted over a day, for all codes.
    A used code is kept until it expires, with the hash of the cookie it came with: the same request sent again is
    `REPEATED`, that of another browser finds the code expired. Where no code is `expected`, none is right.
    """
    phone_hash = scope.phone_hash(phone)
    rows = await one_time_codes.claim_try(purpose.name, phone_hash, scope.now, scope.settings.code_tries)
    guesses = sms_limits.of_wrong_codes(scope, purpose.name, phone)
    if rows and await throttles.claim(scope, [guesses]) is not None:
        return Judgement(Verdict.EXHAUSTED)
    typed_hash = _code_hash(scope, purpose, phone, typed)
    # A list, not a loop that ends early: the number of comparisons must not tell which code is right.
    right = [row for row in rows if hmac.compare_digest(row["code_hash"], typed_hash) and expected]
    unused = [row for row in rows if not row["used_by"]]
    sender = scope.keyed_hash("code use", scope.client.token or "")
    if good := [row for row in right if not row["used_by"]]:
        await one_time_codes.use(purpose.name, phone_hash, good[0]["id"], sender)
        await throttles.give_back(scope, [guesses])
        return Judgement(Verdict.CORRECT)
    if any(hmac.compare_digest(row["used_by"], sender) for row in right):
        for row in rows:
            await one_time_codes.give_back_try(row["id"])
        await throttles.give_back(scope, [guesses])
        return Judgement(Verdict.REPEATED)
    if not unused:
        living = await one_time_codes.living(purpose.name, phone_hash, scope.now)
        return Judgement(Verdict.EXHAUSTED if living else Verdict.EXPIRED)
    left = scope.settings.code_tries - max(row["wrong_tries"] for row in unused)
    return Judgement(Verdict.WRONG, min(left, (await throttles.room(scope, [guesses])).left))


async def prove(
    scope: Scope,
    session: Session,
    purpose: Purpose,
    phone: str,
    typed: str,
    *,
    subject: str = "",
    expected: bool = True,
) -> Session | list[Refused] | SessionExpired | None:
    """Judge the code of `subject`, else of `phone`, in a session of `sessions.lock_for_proof`; None if right.

    The same request sent again gets the session that the first one has got.
    """
    judged = await judge(scope, purpose, subject or phone, typed, expected=expected)
    if judged.verdict is Verdict.REPEATED and (
        led := await sessions.find_renewed(scope, proof_of(purpose, phone, typed))
    ):
        return led
    if session.former:
        return SessionExpired()
    return None if judged.verdict is Verdict.CORRECT else refused_code(judged)


async def void(scope: Scope, purpose: Purpose, phone: str) -> None:
    """Make the codes sent to `phone` void: what they were for has changed."""
    await one_time_codes.void(purpose.name, scope.phone_hash(phone), scope.now)


def proof_of(purpose: Purpose, phone: str, typed: str) -> str:
    """What a session's new id is derived from, beside its former one (domain/sessions.py)."""
    return f"{purpose.name}\0{phone}\0{typed}"


def refused_code(judged: Judgement) -> list[Refused]:
    """What the customer is told of a code that is not right."""
    match judged.verdict:
        case Verdict.WRONG:
            wrong = Refused(Code.CODE_WRONG, "code", left=judged.left)
            # Both, so that the customer learns at once that no other try is left.
            return [wrong] if judged.left else [wrong, Refused(Code.CODE_EXHAUSTED, "code")]
        case Verdict.EXHAUSTED:
            return [Refused(Code.CODE_EXHAUSTED, "code")]
        case _:
            # Repeated: the session that it opened has ended meanwhile.
            return [Refused(Code.CODE_EXPIRED, "code")]


def _code_hash(scope: Scope, purpose: Purpose, phone: str, code: str) -> str:
    return scope.keyed_hash(f"code {purpose.name}", f"{phone}\0{code}")


async def add_code(scope: Scope, purpose: Purpose, subject: str, phone: str, *, sent: bool) -> int:
    """A new code, with the wrong tries of those before it, and the number of the message to `phone` that carries it.

    Where it is not `sent`, no typed text equals it, and its message is to be withdrawn.
    """
    settings = scope.settings
    subject_hash = scope.phone_hash(subject)
    living = await one_time_codes.living(purpose.name, subject_hash, scope.now)
    tries = max((row["wrong_tries"] for row in living), default=0)
    if tries >= settings.code_tries:
        # All earlier codes are void, and the customer was told to ask for a new one: its tries start from zero.
        await one_time_codes.forget(purpose.name, subject_hash)
        tries = 0
    code = f"{secrets.randbelow(10**settings.code_digits):0{settings.code_digits}d}"
    message = await outbox.post(
        scope, purpose.message(code, settings.code_lifetime), phone, scope.client.language,
        last_choice=await one_time_codes.gateways(purpose.name, subject_hash, scope.now),
    )  # fmt: skip
    await one_time_codes.add(
        {
            "purpose": purpose.name,
            "phone_hash": subject_hash,
            "code_hash": _code_hash(scope, purpose, subject, code if sent else secrets.token_hex()),
            "sent_at": scope.now,
            "expires_at": scope.now + timedelta(seconds=settings.code_lifetime),
            "wrong_tries": tries,
            "message": message,
        }
    )
    return message


async def note_request(scope: Scope, purpose: Purpose, phone: str, *, sent: bool) -> None:
    """A journal entry, for the number's customer if there is one. Every number takes the same lookup and one row."""
    owner = await customers.by_phone(scope.phone_hash(phone))
    known = owner["id"] if owner is not None and sent else None
    await journal.note_repeat(scope, "code-requested", known, purpose.name)
