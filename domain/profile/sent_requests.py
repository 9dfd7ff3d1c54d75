"""A connection request as its sender follows it: by its number and a code, which the e-mails hold.

The code is made from the number and KABINET_SECRET and is stored nowhere; requests of former versions have one too.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import connection_requests
from db.connection_requests import ConnectionRequestRow
from db.engine import transaction
from domain import throttles
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import HOUR, Limit

# How the entries of a request are labelled, which are sealed as the staff read them.
FIRST_NAME, PHONE, EMAIL, ADDRESS = "Имя", "Телефон", "Электронная почта", "Адрес"
ACCOUNT_NUMBER, SEARCHED_NUMBER = "Номер лицевого счета", "Номер лицевого счета, введенный при поиске"
# Ten signs of 31 are 49 bits; without those that are taken for each other.
_SIGNS, _LENGTH = "23456789abcdefghjkmnpqrstuvwxyz", 10
_TRIES_REQUEST_HOUR, _TRIES_NETWORK_HOUR = 10, 30
# So many answers are kept for one question.
_ANSWERS = 5


@dataclass(frozen=True)
class Said:
    """A question of the staff or an answer to it."""

    question: bool
    at: datetime
    text: str


@dataclass(frozen=True)
class Reason:
    """Why a request was refused: a word of the list, or `other` with a text."""

    word: str = ""
    text: str = ""


@dataclass(frozen=True)
class Followed:
    """What its sender sees. `answerable` while a question of the staff stands last."""

    number: int
    state: str
    created_at: datetime
    handled_at: datetime | None
    reason: Reason
    talk: Sequence[Said]
    waits_for_registration: bool

    @property
    def answerable(self) -> bool:
        since = next((place for place, said in enumerate(reversed(self.talk)) if said.question), None)
        return self.state in {"new", "work"} and since is not None and since < _ANSWERS


def code_of(scope: Scope, number: int) -> str:
    value = int(scope.keyed_hash("code of connection request", str(number)), 16)
    signs = "".join(_SIGNS[value // len(_SIGNS) ** place % len(_SIGNS)] for place in range(_LENGTH))
    return f"{signs[:5]}-{signs[5:]}"


def link_of(scope: Scope, number: int) -> str:
    return f"{scope.settings.public_url}/request/{number}-{code_of(scope, number)}"


async def open_by_code(scope: Scope, number: str, code: str) -> str | Refused:
    """The token for typed number and code. Each try is counted before it is judged, and a right one given back."""
    digits = number.strip().removeprefix("№").strip()
    token = f"{digits[:20]}-{code}"
    subject = digits[:20] if digits.isdecimal() else ""
    limits = [
        Limit("connection-request-code", subject, _TRIES_REQUEST_HOUR, HOUR),
        *throttles.per_network(scope, "connection-request-ip", scope.client.ip, _TRIES_NETWORK_HOUR, HOUR),
    ]
    async with transaction():
        at = await throttles.claim(scope, limits)
        if at is not None:
            return Refused(Code.REQUEST_TRIED_TOO_OFTEN, at=at)
        row = await _row_of(scope, token)
        if row is None:
            return Refused(Code.REQUEST_UNKNOWN)
        await throttles.give_back(scope, limits)
        return f"{row['id']}-{code_of(scope, row['id'])}"


async def look(scope: Scope, token: str) -> Followed | None:
    row = await _row_of(scope, token)
    return followed(scope, row) if row is not None else None


async def answer(scope: Scope, token: str, text: str) -> bool:
    """Keep the answer to the question that stands last; False where none does. Repeated, it stands once."""
    async with transaction():
        row = await _row_of(scope, token, locked=True)
        if row is None:
            return False
        shown = followed(scope, row)
        if shown.talk and not shown.talk[-1].question and shown.talk[-1].text == text:
            return True
        if not shown.answerable:
            return False
        talk = with_said(scope, row, text, question=False)
        change: connection_requests.Change = {"talk_sealed": talk, "last_event": "request-answered"}
        return await connection_requests.change(row["id"], row["version"], change)


def with_said(scope: Scope, row: ConnectionRequestRow, text: str, *, question: bool) -> str:
    """The talk with one more text at its end, sealed."""
    before: list[Any] = scope.unseal(row["talk_sealed"]) if row["talk_sealed"] else []
    return scope.seal([*before, [question, scope.now.isoformat(), text]])


def followed(scope: Scope, row: ConnectionRequestRow) -> Followed:
    talk = scope.unseal(row["talk_sealed"]) if row["talk_sealed"] else []
    reason = scope.unseal(row["reason_sealed"]) if row["reason_sealed"] else ["", ""]
    return Followed(
        number=row["id"],
        state=row["state"],
        created_at=row["created_at"],
        handled_at=row["handled_at"],
        reason=Reason(*reason),
        talk=[Said(bool(question), datetime.fromisoformat(at), text) for question, at, text in talk],
        waits_for_registration=row["phone_hash"] != "",
    )


async def _row_of(scope: Scope, token: str, *, locked: bool = False) -> ConnectionRequestRow | None:
    number, _, typed = token.partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        return None
    code = "".join(sign for sign in typed.lower() if sign in _SIGNS)
    right = code_of(scope, int(number)).replace("-", "")
    return await connection_requests.get(int(number), locked=locked) if hmac.compare_digest(code, right) else None
