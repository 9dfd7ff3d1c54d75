"""What processes tell one another of gateways: which is held, which is set aside, what money is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, run
from db.tables import GatewayState


class GatewayRow(TypedDict):
    name: str
    held_at: datetime | None
    seen_at: datetime | None
    set_aside_at: datetime | None
    set_aside_until: datetime | None
    reason: str
    balance_kopecks: int | None


async def known() -> Sequence[GatewayRow]:
    return await fetch(
        GatewayRow,
        "SELECT name, held_at, seen_at, set_aside_at, set_aside_until, reason, balance_kopecks FROM gateways"
        " ORDER BY name",
    )


async def hold(name: str, at: datetime) -> bool:
    """From now on nothing is to be sent by it; whether that is new."""
    rows = await run(
        "INSERT INTO gateways (name, held_at) VALUES ({}, {}) ON CONFLICT (name) DO UPDATE SET"
        " held_at = excluded.held_at WHERE gateways.held_at IS NULL RETURNING name",
        name, at,
    )  # fmt: skip
    return bool(rows)


async def release(name: str) -> bool:
    """It may send again; whether it was held."""
    return bool(
        await run("UPDATE gateways SET held_at = NULL WHERE name = {} AND held_at IS NOT NULL RETURNING name", name)
    )


async def report(name: str, now: datetime, balance_kopecks: int | None) -> None:
    """A process that sends has it; what is left of its money, where that is known."""
    await run(
        "INSERT INTO gateways (name, seen_at, balance_kopecks) VALUES ({}, {}, {}) ON CONFLICT (name) DO UPDATE SET"
        " seen_at = excluded.seen_at, balance_kopecks = COALESCE(excluded.balance_kopecks, gateways.balance_kopecks)",
        name, now, balance_kopecks,
    )  # fmt: skip


async def report_set_aside(name: str, now: datetime, until: datetime, reason: str) -> None:
    """A process has set it aside; several may, each for itself. It is known already."""
    await run(
        "UPDATE gateways SET set_aside_at = CASE WHEN set_aside_until > {} THEN set_aside_at ELSE {} END,"
        " set_aside_until = {}, reason = {} WHERE name = {}",
        now, now, until, reason[:200], name,
    )  # fmt: skip


async def report_back(name: str, now: datetime) -> None:
    """A process that had set it aside has not any more."""
    await GatewayState.update({GatewayState.set_aside_until: now}).where(
        (GatewayState.name == name) & (GatewayState.set_aside_until > now)
    )
