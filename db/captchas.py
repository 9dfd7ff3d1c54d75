"""Picture codes that have been tried: one row each, from its one try until it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.engine import run
from db.tables import Captcha

_SPARE = timedelta(hours=2)


async def spend(identity: str, now: datetime, expires_at: datetime) -> bool:
    """Use the one try; False where it was used before."""
    rows = await run(
        "INSERT INTO captchas (id, code_hash, expires_at, spent_at, outcome_hash) VALUES ({}, '', {}, {}, '')"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        identity, expires_at, now,
    )  # fmt: skip
    return bool(rows)


async def is_spent(identity: str) -> bool:
    return bool(await run("SELECT id FROM captchas WHERE id = {}", identity))


async def outcome(identity: str) -> str:
    """What `remember` has kept of it, or empty."""
    rows = await run("SELECT outcome_hash FROM captchas WHERE id = {}", identity)
    return str(rows[0]["outcome_hash"]) if rows else ""


async def remember(identity: str, outcome_hash: str) -> None:
    await Captcha.update({Captcha.outcome_hash: outcome_hash}).where(Captcha.id == identity)


async def sweep(now: datetime) -> None:
    # Hours after the expiry: a machine whose clock is ahead must not delete a row that still counts.
    await Captcha.delete().where(Captcha.expires_at <= now - _SPARE)
