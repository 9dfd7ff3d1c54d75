"""Codes sent by SMS, by purpose and phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from db.engine import for_update, run
from db.tables import OneTimeCode


async def living(purpose: str, phone_hash: str, now: datetime) -> Sequence[dict[str, Any]]:
    return await run(
        "SELECT id, wrong_tries, expires_at FROM one_time_codes"
        " WHERE purpose = {} AND phone_hash = {} AND expires_at > {}" + for_update(),
        purpose, phone_hash, now,
    )  # fmt: skip


async def add(values: dict[str, Any]) -> None:
    await OneTimeCode.insert(OneTimeCode(**values))


async def claim_try(purpose: str, phone_hash: str, now: datetime, most: int) -> Sequence[dict[str, Any]]:
    """Spend one try of every living code of this phone and return them; none where no try is left."""
    return await run(
        "UPDATE one_time_codes SET wrong_tries = wrong_tries + 1"
        " WHERE purpose = {} AND phone_hash = {} AND expires_at > {} AND wrong_tries < {}"
        " RETURNING code_hash, wrong_tries",
        purpose, phone_hash, now, most,
    )  # fmt: skip


async def forget(purpose: str, phone_hash: str) -> None:
    """Remove all codes of this phone and purpose: one of them has been used, or all are void."""
    await run("DELETE FROM one_time_codes WHERE purpose = {} AND phone_hash = {}", purpose, phone_hash)


async def sweep(now: datetime) -> None:
    """A lapsed code is kept for a day, so that whoever types it learns that it has lapsed."""
    await run("DELETE FROM one_time_codes WHERE expires_at <= {}", now - timedelta(days=1))
