"""Pictures with a code, each good for one try."""

from __future__ import annotations

from datetime import datetime

from db.engine import run


async def add(identity: str, code_hash: str, expires_at: datetime) -> None:
    await run(
        "INSERT INTO captchas (id, code_hash, expires_at, outcome_hash) VALUES ({}, {}, {}, '')",
        identity, code_hash, expires_at,
    )  # fmt: skip


async def spend(identity: str, now: datetime) -> str | None:
    """Take the one try: the hash of the code, or None where it is spent, too old or unknown."""
    rows = await run(
        "UPDATE captchas SET spent_at = {} WHERE id = {} AND expires_at > {} AND spent_at IS NULL RETURNING code_hash",
        now, identity, now,
    )  # fmt: skip
    return str(rows[0]["code_hash"]) if rows else None


async def outcome(identity: str, now: datetime) -> str:
    """What `remember` has kept of it, or empty."""
    rows = await run("SELECT outcome_hash FROM captchas WHERE id = {} AND expires_at > {}", identity, now)
    return str(rows[0]["outcome_hash"]) if rows else ""


async def remember(identity: str, outcome_hash: str) -> None:
    await run("UPDATE captchas SET outcome_hash = {} WHERE id = {}", outcome_hash, identity)


async def forget(identity: str) -> None:
    await run("DELETE FROM captchas WHERE id = {}", identity)


async def sweep(now: datetime) -> None:
    await run("DELETE FROM captchas WHERE expires_at <= {}", now)
