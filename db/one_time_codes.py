"""Codes sent by SMS, by purpose and phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from piccolo.columns.combination import Where

from db.engine import fetch, for_update, places, run
from db.tables import OneTimeCode


class LivingCodeRow(TypedDict):
    id: int
    wrong_tries: int
    expires_at: datetime


class TriedCodeRow(TypedDict):
    """A code that what was typed is compared with."""

    id: int
    code_hash: str
    wrong_tries: int
    used_by: str


class CodeGatewayRow(TypedDict):
    gateway: str


class NewCode(TypedDict):
    purpose: str
    phone_hash: str
    code_hash: str
    sent_at: datetime
    expires_at: datetime
    wrong_tries: int
    message: int


async def living(purpose: str, phone_hashes: tuple[str, ...], now: datetime) -> Sequence[LivingCodeRow]:
    """The codes that may still be used."""
    return await fetch(
        LivingCodeRow,
        "SELECT id, wrong_tries, expires_at FROM one_time_codes"
        f" WHERE purpose = {{}} AND phone_hash IN ({places(phone_hashes)})"
        " AND expires_at > {} AND used_by = ''" + for_update(),
        purpose, *phone_hashes, now,
    )  # fmt: skip


async def sent_since(purpose: str, phone_hashes: tuple[str, ...], since: datetime) -> int:
    """How many codes have been sent since then and not been used."""
    rows = await run(
        "SELECT COUNT(*) AS codes FROM one_time_codes"
        f" WHERE purpose = {{}} AND phone_hash IN ({places(phone_hashes)}) AND sent_at > {{}} AND used_by = ''",
        purpose, *phone_hashes, since,
    )  # fmt: skip
    return int(rows[0]["codes"])


async def gateways(purpose: str, phone_hashes: tuple[str, ...], now: datetime) -> list[str]:
    """The gateways that may have sent the codes of `living` and have not said that they arrived, the oldest code first.

    Of a code that was not sent there is no message. On SQLite another one may have got its number: the code that comes
    after it is not sent either, so nothing is made of that.
    """
    rows = await fetch(
        CodeGatewayRow,
        "SELECT outbox.gateway FROM one_time_codes JOIN outbox ON outbox.id = one_time_codes.message"
        f" WHERE purpose = {{}} AND phone_hash IN ({places(phone_hashes)})"
        " AND one_time_codes.expires_at > {} AND used_by = ''"
        " AND outbox.gateway <> '' AND outbox.state <> 'delivered' ORDER BY outbox.id",
        purpose, *phone_hashes, now,
    )  # fmt: skip
    return [row["gateway"] for row in rows]


async def add(values: NewCode) -> None:
    await OneTimeCode.insert(OneTimeCode(**values))


async def claim_try(purpose: str, phone_hashes: tuple[str, ...], now: datetime, most: int) -> Sequence[TriedCodeRow]:
    """Spend one try of every code of this phone, used ones too, and return them; none where no try is left."""
    return await fetch(
        TriedCodeRow,
        "UPDATE one_time_codes SET wrong_tries = wrong_tries + 1"
        f" WHERE purpose = {{}} AND phone_hash IN ({places(phone_hashes)})"
        " AND expires_at > {} AND wrong_tries < {}"
        " RETURNING id, code_hash, wrong_tries, used_by",
        purpose, *phone_hashes, now, most,
    )  # fmt: skip


async def use(purpose: str, phone_hashes: tuple[str, ...], code: int, used_by: str) -> None:
    """Mark one code as used, and delete the others of its phone and purpose."""
    await OneTimeCode.delete().where(*_of(purpose, phone_hashes), OneTimeCode.id != code)
    await OneTimeCode.update({OneTimeCode.used_by: used_by, OneTimeCode.wrong_tries: 0}).where(OneTimeCode.id == code)


async def give_back_try(code: int) -> None:
    """Undo one `claim_try`: what was typed was right."""
    await run("UPDATE one_time_codes SET wrong_tries = wrong_tries - 1 WHERE id = {} AND wrong_tries > 0", code)


async def void(purpose: str, phone_hashes: tuple[str, ...], now: datetime) -> None:
    """Let every code of this phone and purpose expire now."""
    await OneTimeCode.update({OneTimeCode.expires_at: now}).where(
        *_of(purpose, phone_hashes), OneTimeCode.expires_at > now
    )


async def forget(purpose: str, phone_hashes: tuple[str, ...]) -> None:
    """Remove all codes of this phone and purpose: one of them has been used, or all are void."""
    await OneTimeCode.delete().where(*_of(purpose, phone_hashes))


async def sweep(now: datetime) -> None:
    """An expired code is kept for a day, so that a customer who types it learns that it has expired."""
    await OneTimeCode.delete().where(OneTimeCode.expires_at <= now - timedelta(days=1))


def _of(purpose: str, phone_hashes: tuple[str, ...]) -> tuple[Where, Where]:
    return OneTimeCode.purpose == purpose, OneTimeCode.phone_hash.is_in(list(phone_hashes))
