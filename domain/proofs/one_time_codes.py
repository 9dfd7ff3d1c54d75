"""One-time codes by SMS: when one may be sent, and whether a typed code is right.

Codes belong to a phone and a purpose, not to a session: two first requests of one browser, or two tabs,
share one SMS. Wrong tries belong to phone and purpose too: else each new session would give five more guesses.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from db import customers, one_time_codes
from db.engine import after_commit
from domain import journal, sessions, throttles
from domain.delivery import outbox
from domain.delivery.messages import CodeCall, Message
from domain.proofs import sms_limits
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.sessions import Session
from domain.throttles import Limit
from domain.usage_counts import What


@dataclass(frozen=True)
class Purpose:
    """What a code is for, the message that carries it (code, seconds it is good for -> message), its budget's name."""

    name: str
    message: Callable[[str, int], Message]
    budget: str = ""


# So many codes sent by SMS, none of them used, before one may be dictated by telephone; and for how long they count.
_SMS_BEFORE_CALL, _COUNTED = 2, timedelta(hours=1)
# What the hash of the cookie is called that a code was used with.
_USE = "code use"


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


async def send(
    scope: Scope,
    purpose: Purpose,
    phone: str,
    *,
    also: Sequence[Limit] = (),
    sent: bool | None = None,
    call: bool = False,
) -> datetime | None:
    """Send a code to `phone` (E.164), or return when one may be sent. Part of the caller's transaction.

    `also` are further limits of this purpose. Where it is said whether the code is to be `sent`, both take the same
    statements; what is not sent is charged to no budget. A `call` dictates it, where one is allowed by now, and counts
    as an SMS.
    """
    budgets = sms_limits.of_budgets(scope, phone, purpose.budget)
    others = [] if sent is None else sms_limits.uncharged(budgets)
    charged, others = (others, budgets) if sent is False else (budgets, others)
    limits = [*sms_limits.of_asking(scope, phone), *charged, *also]
    guesses = sms_limits.of_wrong_codes(scope, purpose.name, phone)
    at = await throttles.claim(scope, limits, watched=[guesses, *others])
    if at is not None:
        return at
    owner = await note_request(scope, purpose, phone, sent=sent is not False)
    message = await add_code(scope, purpose, phone, phone, sent=sent is not False, call=call, owner=owner)
    if sent is not None:
        await outbox.withdraw_unless(message, sent)
    return None


async def is_under_way(scope: Scope, purpose: Purpose, subject: str) -> bool:
    """Whether a code that can still be typed has been sent."""
    rows = await one_time_codes.living(purpose.name, scope.phone_hashes(subject), scope.now)
    typable = any(row["wrong_tries"] < scope.settings.code_tries for row in rows)
    return (
        typable
        and await throttles.free_at(scope, [sms_limits.of_wrong_codes(scope, purpose.name, subject)]) <= scope.now
    )


async def may_call(scope: Scope, purpose: Purpose, subject: str) -> bool:
    """Whether the next code may be dictated by telephone: the operator allows it, and two SMS have not helped."""
    if scope.settings.sms_call == "off":
        return False
    sent = await one_time_codes.sent_since(purpose.name, scope.phone_hashes(subject), scope.now - _COUNTED)
    return sent >= _SMS_BEFORE_CALL


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
    phone_hashes = scope.phone_hashes(phone)
    rows = await one_time_codes.claim_try(purpose.name, phone_hashes, scope.now, scope.settings.code_tries)
    guesses = sms_limits.of_wrong_codes(scope, purpose.name, phone)
    if rows and await throttles.claim(scope, [guesses]) is not None:
        return Judgement(Verdict.EXHAUSTED)
    code_kind, code_value = _hashed_code(purpose, phone, typed)
    has_hash, token = scope.portal.sealing.has_hash, scope.client.token or ""
    # A list, not a loop that ends early: the number of comparisons must not tell which code is right.
    right = [row for row in rows if has_hash(row["code_hash"], code_kind, code_value) and expected]
    unused = [row for row in rows if not row["used_by"]]
    if good := [row for row in right if not row["used_by"]]:
        await one_time_codes.use(purpose.name, phone_hashes, good[0]["id"], scope.keyed_hash(_USE, token))
        await throttles.give_back(scope, [guesses])
        after_commit(lambda: scope.portal.usage.add(What.CODE_TYPED, purpose.name))
        return Judgement(Verdict.CORRECT)
    if any(has_hash(row["used_by"], _USE, token) for row in right):
        for row in rows:
            await one_time_codes.give_back_try(row["id"])
        await throttles.give_back(scope, [guesses])
        return Judgement(Verdict.REPEATED)
    if not unused:
        living = await one_time_codes.living(purpose.name, phone_hashes, scope.now)
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
    await one_time_codes.void(purpose.name, scope.phone_hashes(phone), scope.now)


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


def _hashed_code(purpose: Purpose, phone: str, code: str) -> tuple[str, str]:
    """What a code's hash is of."""
    return f"code {purpose.name}", f"{phone}\0{code}"


async def add_code(
    scope: Scope,
    purpose: Purpose,
    subject: str,
    phone: str,
    *,
    sent: bool,
    call: bool = False,
    owner: int | None = None,
) -> int:
    """A new code, with the wrong tries of those before it, and the number of the message to `phone` that carries it.

    Where it is not `sent`, no typed text equals it, and its message is to be withdrawn. A `call` too early is an SMS.
    """
    settings = scope.settings
    subject_hashes = scope.phone_hashes(subject)
    is_call = call and await may_call(scope, purpose, subject)
    living = await one_time_codes.living(purpose.name, subject_hashes, scope.now)
    tries = max((row["wrong_tries"] for row in living), default=0)
    if tries >= settings.code_tries:
        # All earlier codes are void, and the customer was told to ask for a new one: its tries start from zero.
        await one_time_codes.forget(purpose.name, subject_hashes)
        tries = 0
    code = f"{secrets.randbelow(10**settings.code_digits):0{settings.code_digits}d}"
    carrier = CodeCall(code, purpose.name) if is_call else purpose.message(code, settings.code_lifetime)
    message = await outbox.post(
        scope, carrier, phone, scope.client.language,
        last_choice=await one_time_codes.gateways(purpose.name, subject_hashes, scope.now), customer=owner,
    )  # fmt: skip
    await one_time_codes.add(
        {
            "purpose": purpose.name,
            "phone_hash": scope.phone_hash(subject),
            "code_hash": scope.keyed_hash(*_hashed_code(purpose, subject, code if sent else secrets.token_hex())),
            "sent_at": scope.now,
            "expires_at": scope.now + timedelta(seconds=settings.code_lifetime),
            "wrong_tries": tries,
            "message": message,
        }
    )
    if sent:
        after_commit(lambda: scope.portal.usage.add(What.CODE_SENT, purpose.name))
    return message


async def note_request(scope: Scope, purpose: Purpose, phone: str, *, sent: bool) -> int | None:
    """A journal entry, for the number's customer if there is one, who is returned where the code is sent.

    Every number takes the same lookup and one row.
    """
    owner = await customers.by_phone(scope.phone_hashes(phone))
    known = owner["id"] if owner is not None and sent else None
    await journal.note_repeat(scope, "code-requested", known, purpose.name)
    return known
