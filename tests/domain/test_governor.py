"""Codes are counted, by several rows where they are shared, and steps are taken, noted, told and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import alerts
from db import governor as rows
from db.engine import Engine, run, transaction
from domain import governor
from domain.delivery.messages import CodesHeldBack
from domain.delivery.watch import Watch
from domain.portal import Portal
from domain.scope import Client, Scope
from domain.sealing import Sealing
from domain.values.sms_steps import Counts, Rule, Step, next_step
from tests.conftest import SECRET, scope_of

HOUR, FLOORS = timedelta(hours=1), (40, 20, 10)
RULE = Rule((6, 8, 20))
STAFF = {
    "sms_governor": "on",
    "mail": "smtp://127.0.0.1:3?tls=none",
    "mail_from": "kabinet@example.org",
    "staff_email": "staff@example.org",
}


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"sms_governor": "on"}


def visitor(portal: Portal, now: datetime, ip: str = "203.0.113.7") -> Scope:
    return scope_of(portal, now, Client(None, ip, "Tests/1.0"))


async def ask(scope: Scope, phone: str = "+79123456789", codes: int = 1) -> Step:
    """So many codes, each allowed and sent."""
    for _ in range(codes):
        async with transaction():
            judged = await governor.judge(scope, phone)
            await governor.count_asked(scope, judged, sent=True)
    async with transaction():
        return (await governor.judge(scope, phone)).step


async def counted(portal: Portal, now: datetime, *subjects: governor.Subject) -> list[Counts]:
    keys = [one.key(scope_of(portal, now)) for one in subjects]
    found = {row["subject"]: row for row in await rows.sums(keys, now - governor.WINDOW)}
    return [Counts(*(found[key][name] for name in ("sent", "typed", "held"))) for key in keys]


PORTAL, RANGE = governor.Subject("portal"), governor.Subject("range", "+79123")
NETWORK, STRANGERS = governor.Subject("network", "203.0.113.0/24"), governor.Subject("strangers")


async def test_many_at_once_are_all_counted_in_rows_that_they_share(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    async def one(number: int) -> None:
        scope = visitor(portal, now, f"203.0.113.{number}")
        async with transaction():
            await governor.count_asked(scope, await governor.judge(scope, "+79123456789"), sent=True)

    await asyncio.gather(*(one(number) for number in range(24)))
    await governor.count_typed(visitor(portal, now), "+79123456789", "203.0.113.200", 2)
    seen = await counted(portal, now, PORTAL, RANGE, NETWORK, STRANGERS)
    assert seen == [Counts(24, 2, 0)] * 4
    key = PORTAL.key(scope_of(portal, now))
    assert len(await run("SELECT id FROM governor_counts WHERE subject = {}", key)) > 1
    # The window moves on, and what is no proof is removed.
    assert await rows.sums([key], now + 13 * HOUR - governor.WINDOW) == []
    await rows.sweep(now + 3 * 24 * HOUR)
    assert {row["typed"] > 0 for row in await run("SELECT typed FROM governor_counts")} == {True}
    await rows.sweep(now + 29 * 24 * HOUR)
    assert await run("SELECT id FROM governor_counts") == []


async def test_a_network_from_which_codes_were_typed_is_no_stranger(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    for ip, other in (("203.0.113.7", "203.0.113.99"), ("2001:db8:1:1::1", "2001:db8:1:ffff::1")):
        await governor.count_typed(visitor(portal, now, ip), "+79123456789", ip, 1)
        for later, proven in ((0, False), (1, True), (27 * 24, True), (29 * 24, False)):
            scope = visitor(portal, now + later * HOUR, other)
            async with transaction():
                judged = await governor.judge(scope, "+79000000001")
            assert (STRANGERS not in judged.subjects) is proven, (ip, later)


@pytest.mark.parametrize("changed", [STAFF])
async def test_steps_go_up_and_down_and_each_is_noted_and_told_once(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    steps = [await ask(visitor(portal, now, f"198.51.{n}.7"), f"+79{n:02}0000001") for n in range(46)]
    assert steps == [Step.OPEN] * 29 + [Step.PICTURE] * 15 + [Step.KNOWN] * 2
    watches = [Watch(portal, {}), Watch(portal, {})]
    for watch in watches * 2:
        await watch.judge(now)
    # Nobody asks any more: after half a day it is all over.
    for hours in (13, 13, 13):
        for watch in watches:
            await watch.judge(now + hours * HOUR)
    notes = await run("SELECT details FROM journal WHERE event = 'sms-step' ORDER BY id")
    assert [row["details"] for row in notes] == [
        "strangers: open to picture", "strangers: picture to known", "strangers: known to picture",
        "strangers: picture to open",
    ]  # fmt: skip
    assert [one["step"] for one in await told(portal)][:1] == [2]
    assert [one["step"] for one in await told(portal)][-1] == 0
    assert await run("SELECT subject FROM governor_steps") == []


async def test_another_secret_forgets_no_step_and_no_code(engine: Engine, portal: Portal, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    await rows.count([rows.Addition("0", NETWORK.key(scope_of(portal, now)), hour, sent=35)])
    before = await ask(visitor(portal, now))
    assert before > Step.OPEN
    both = replace(portal, sealing=Sealing("another secret, as long as the first one was", SECRET))
    assert await ask(visitor(both, now), codes=0) == before
    async with transaction():
        await governor.count_typed(visitor(both, now), "+79123456789", "203.0.113.7", 36)
    assert await ask(visitor(both, now), codes=0) < before
    names = [(row["kind"], row["name"]) for row in await governor.all_steps()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("changed", [STAFF])
async def test_networks_are_told_together(engine: Engine, portal: Portal, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    await rows.count([rows.Addition(f"{n}", _key(portal, n), hour, sent=35) for n in range(3)])
    for network in range(3):
        await ask(visitor(portal, now, f"198.51.{network}.7"), f"+79{network:02}0000001")
    watch = Watch(portal, {})
    await watch.judge(now)
    assert [one for one in await told(portal) if one["what"] == "network"] == []
    await watch.judge(now + timedelta(minutes=16))
    await watch.judge(now + timedelta(minutes=17))
    assert [(one["of"], one["step"]) for one in await told(portal) if one["what"] == "network"] == [("3", 1)]


def _key(portal: Portal, network: int) -> str:
    return governor.Subject("network", f"198.51.{network}.0/24").key(scope_of(portal))


async def test_nothing_is_counted_while_nothing_can_be_sent(engine: Engine, portal: Portal, now: datetime) -> None:
    await alerts.begin("sms", now)
    assert await ask(visitor(portal, now), codes=3) is Step.OPEN
    assert await run("SELECT id FROM governor_counts") == []


@pytest.mark.parametrize(
    ("step", "counts", "after"),
    [
        (Step.OPEN, Counts(5, 0), Step.OPEN),
        (Step.OPEN, Counts(6, 0), Step.PICTURE),
        (Step.OPEN, Counts(8, 0), Step.KNOWN),
        (Step.OPEN, Counts(20, 0), Step.STOPPED),
        (Step.OPEN, Counts(100, 88), Step.OPEN),
        (Step.OPEN, Counts(100, 40), Step.OPEN),
        (Step.OPEN, Counts(100, 39), Step.PICTURE),
        # Down only when it is clearly better, by one step at a time, and while nobody goes on asking in vain.
        (Step.PICTURE, Counts(100, 50), Step.PICTURE),
        (Step.PICTURE, Counts(100, 60), Step.OPEN),
        (Step.PICTURE, Counts(100, 60, 50), Step.PICTURE),
        (Step.KNOWN, Counts(100, 90), Step.PICTURE),
        (Step.STOPPED, Counts(), Step.KNOWN),
        (Step.PICTURE, Counts(0, 0, 500), Step.PICTURE),
        # More passed the picture than were held for it: as if nobody was.
        (Step.PICTURE, Counts(2, 0, -5), Step.OPEN),
    ],
)
def test_a_step_is_left_later_than_it_is_taken(step: Step, counts: Counts, after: Step) -> None:
    assert next_step(step, counts, RULE, FLOORS) is after


async def told(portal: Portal) -> Sequence[dict[str, Any]]:
    found = await run("SELECT sealed FROM outbox WHERE message = {} ORDER BY id", CodesHeldBack.name)
    return [portal.sealing.unseal(row["sealed"])["values"] for row in found]
