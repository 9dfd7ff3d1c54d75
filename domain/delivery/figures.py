"""What the delivery is doing now, for whoever operates it: what waits, and of each gateway how it goes today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from db import alerts, delivery_figures, gateways
from db.alerts import AlertRow
from db.delivery_figures import HourRow, WaitingRow
from db.gateways import GatewayRow
from db.governor import StepRow
from domain import governor
from domain.delivery.channels import gateway_names
from domain.delivery.watch import BELIEVED
from domain.portal import Portal

# By so many of the newest receipts their time is judged.
_RECEIPTS = 1000
# How many hours a picture shows, the one that has begun among them.
HOURS = 24
# The kinds of messages, and what has become of one that a gateway has taken, or that has not failed so far.
KINDS = ("sms", "email")
_WELL = ("sent", "accepted", "delivered")


class Condition(StrEnum):
    """What becomes of a message that is to go by a gateway now."""

    HELD = "held"
    AWAY = "away"
    SET_ASIDE = "set-aside"
    WORKS = "works"


def condition_of(row: GatewayRow | None, now: datetime) -> Condition:
    """By what processes and operators have said of it. It is away where no process has it."""
    if row is not None and row["held_at"] is not None:
        return Condition.HELD
    if row is None or row["seen_at"] is None or now - row["seen_at"] >= BELIEVED:
        return Condition.AWAY
    if row["set_aside_at"] is not None and row["set_aside_until"] is not None and row["set_aside_until"] > now:
        return Condition.SET_ASIDE
    return Condition.WORKS


@dataclass(frozen=True)
class HourFigures:
    """Messages that were settled in the hour from `begins_at` on; `lost` are those that are not known to be sent."""

    begins_at: datetime
    sent: int
    lost: int


@dataclass(frozen=True)
class GatewayFigures:
    """`delivered` is the share of the messages with a receipt, `p95` seconds from the handing over to the receipt."""

    kind: str
    name: str
    state: GatewayRow | None
    sent: int
    unknown: int
    delivered: float | None
    p95: float | None
    cost_kopecks: int


@dataclass(frozen=True)
class DeliveryFigures:
    """`steps` are those of the governor that are taken now, what everybody shares first, then the highest."""

    waiting: Sequence[WaitingRow]
    gateways: Sequence[GatewayFigures]
    steps: Sequence[StepRow]
    # What the staff has been told is wrong.
    alerts: Sequence[AlertRow]


async def figures(portal: Portal, now: datetime) -> DeliveryFigures:
    """Those of today, in the portal's zone."""
    today = now.astimezone(portal.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    states = {row["name"]: row for row in await gateways.known()}
    found = [
        await _of_gateway(kind, name, states.get(name), today)
        for kind, names in gateway_names(portal.settings).items()
        for name in names
    ]
    steps = [row for row in await governor.all_steps() if row["step"]]
    steps.sort(key=lambda row: (row["kind"] == "network", -row["step"]))
    return DeliveryFigures(await delivery_figures.waiting(), found, steps, await alerts.standing())


async def _of_gateway(kind: str, name: str, state: GatewayRow | None, today: datetime) -> GatewayFigures:
    sent = await delivery_figures.sent_by(name, today)
    times = await delivery_figures.receipt_times(name, today, _RECEIPTS)
    seconds = sorted((row["receipt_at"] - row["settled_at"]).total_seconds() for row in times)
    return GatewayFigures(
        kind, name, state, sent["sent"], sent["unknown"],
        delivered=sent["delivered"] / sent["told"] if sent["told"] else None,
        p95=seconds[len(seconds) * 95 // 100] if seconds else None,
        cost_kopecks=sent["cost_kopecks"],
    )  # fmt: skip


async def by_hour(portal: Portal, now: datetime) -> dict[str, list[HourFigures]]:
    """Of each kind the last hours, oldest first; they begin as the clocks of the portal's zone say."""
    last = now.astimezone(portal.settings.zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    begins = [last - timedelta(hours=before) for before in reversed(range(HOURS))]
    known = {row["name"] for row in await gateways.known()}
    # What no gateway was tried for has none.
    names = known.union(*gateway_names(portal.settings).values(), {""})
    rows = await delivery_figures.by_hour(sorted(names), begins)
    return {kind: [_of_hour(kind, hour, at, rows) for hour, at in enumerate(begins)] for kind in KINDS}


def _of_hour(kind: str, hour: int, begins_at: datetime, rows: Sequence[HourRow]) -> HourFigures:
    found = [row for row in rows if (row["kind"], row["hour"]) == (kind, hour)]
    sent = sum(row["messages"] for row in found if row["state"] in _WELL)
    return HourFigures(begins_at, sent, sum(row["messages"] for row in found) - sent)
