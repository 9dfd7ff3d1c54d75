"""What the staff has been told is wrong. Whoever adds or removes a row tells them, so it is told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, run
from db.tables import Alert


class AlertRow(TypedDict):
    """`seen_at` is when it was last found to be wrong."""

    key: str
    began_at: datetime
    seen_at: datetime


async def standing() -> Sequence[AlertRow]:
    return await fetch(AlertRow, "SELECT key, began_at, seen_at FROM alerts ORDER BY key")


async def is_standing(key: str) -> bool:
    return bool(await run("SELECT 1 AS standing FROM alerts WHERE key = {}", key))


async def begin(key: str, now: datetime) -> bool:
    """It is wrong now; whether that is new."""
    rows = await run(
        "INSERT INTO alerts (key, began_at, seen_at) VALUES ({}, {}, {}) ON CONFLICT (key) DO NOTHING RETURNING key",
        key, now, now,
    )  # fmt: skip
    if not rows:
        await Alert.update({Alert.seen_at: now}).where(Alert.key == key)
    return bool(rows)


async def end(key: str, seen_at: datetime) -> bool:
    """It is over, unless it was found to be wrong again since `seen_at`; whether nobody else has ended it."""
    ended = Alert.delete().where((Alert.key == key) & (Alert.seen_at <= seen_at)).returning(Alert.key)
    return bool(await ended)
