"""What the staff is told of the delivery: each thing once, and once when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import gateways as states
from db.engine import Engine, run
from domain.delivery import outbox, watch
from domain.delivery.channels.channel import Begin, DeliveryFailed, HasBalance, Outgoing, Taken
from domain.delivery.gateways import Gateway, Gateways
from domain.delivery.health import FAILURES
from domain.delivery.messages import DeliveryAlert, RegistrationCode
from domain.delivery.watch import Watch, watch_forever
from domain.portal import Portal
from tests.conftest import scope_of
from tests.domain.delivery.test_health import Time

PHONE = "+79123456789"
AWAY = DeliveryFailed("away", "the gateway cannot be reached")
TWO = {
    "sms": ("http+kannel://u:p@127.0.0.1:1/s#first", "http+kannel://u:p@127.0.0.1:2/s#second"),
    "mail": "smtp://127.0.0.1:3?tls=none#relay",
    "mail_from": "kabinet@example.org",
    "staff_email": "staff@example.org",
}
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
pytestmark = pytest.mark.parametrize("changed", [TWO])


class Way:
    """A gateway that takes everything, and says what money is left."""

    window = 3
    balance_kopecks: int | None = None
    asked = 0

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        await begin()
        return Taken()

    async def look_at_balance(self) -> int | None:
        self.asked += 1
        if self.balance_kopecks is None:
            raise DeliveryFailed("away", "no answer")
        return self.balance_kopecks

    async def close(self) -> None: ...


def opened(time: Time | None = None) -> Gateways:
    time = time or Time()
    named = {"sms": ("first", "second"), "email": ("relay",)}
    return {kind: [Gateway(name, Way(), time) for name in names] for kind, names in named.items()}


def set_aside(gateway: Gateway) -> None:
    for _ in range(FAILURES):
        gateway.finish(gateway.take(), AWAY)


async def post(portal: Portal, now: datetime, messages: int = 1, priority: int = 0) -> None:
    for _ in range(messages):
        number = await outbox.post(scope_of(portal, now), RegistrationCode(code="1", good_for=600), PHONE)
        await run("UPDATE outbox SET priority = {} WHERE id = {}", priority, number)


async def sent(portal: Portal, now: datetime, gateway: str = "first", kind: str = "sms") -> None:
    """A message that a gateway has taken; and nothing waits."""
    await post(portal, now)
    await run(
        "UPDATE outbox SET state = 'accepted', gateway = {}, kind = {}, settled_at = {}"
        " WHERE state = 'waiting' AND message <> {}",
        gateway, kind, now, DeliveryAlert.name,
    )  # fmt: skip


async def told(portal: Portal) -> list[tuple[str, str, bool]]:
    """What the staff has been told: what, of which gateway, and whether it is over."""
    rows = await run("SELECT sealed, kind FROM outbox WHERE message = {} ORDER BY id", DeliveryAlert.name)
    opened = [portal.sealing.unseal(row["sealed"]) for row in rows]
    assert {row["kind"] for row in rows} <= {"email"}
    assert {one["to"] for one in opened} <= {"staff@example.org"}
    return [(one["values"]["what"], one["values"]["gateway"], one["values"]["over"]) for one in opened]


async def judged(watches: Sequence[Watch], now: datetime, times: int = 2) -> None:
    for _ in range(times):
        for one in watches:
            await one.judge(now)


async def test_a_gateway_that_is_set_aside_is_told_once_by_all_processes_and_once_when_it_is_back(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    gateways = opened()
    first = gateways["sms"][0]
    watches = [Watch(portal, gateways), Watch(portal, opened()), Watch(portal, {})]
    await judged(watches, now)
    assert await told(portal) == []
    set_aside(first)
    await judged(watches, now)
    assert await told(portal) == [("gateway", "first", False)]
    row = portal.sealing.unseal((await run("SELECT sealed FROM outbox"))[0]["sealed"])
    assert row["values"]["reason"] == "the gateway cannot be reached"
    assert row["values"]["since"] == "2026-09-15T14:30+03:00"
    # Nobody tries it any more, or its process is gone: that is not the end.
    for minutes in (1, 3, 60):
        await judged(watches[1:], now + minutes * MINUTE)
    assert len(await told(portal)) == 1
    # It has taken a message again; it is told when that has lasted.
    later = now + 61 * MINUTE
    await judged(watches, later)
    first.finish(first.take(), None)
    await sent(portal, later + SECOND)
    await judged(watches, later + 10 * SECOND)
    assert len(await told(portal)) == 1
    for minutes in (2, 3):
        await judged(watches, later + minutes * MINUTE)
    assert await told(portal) == [("gateway", "first", False), ("gateway", "first", True)]
    # The next time is another one.
    set_aside(first)
    await judged(watches, later + 5 * MINUTE)
    assert (await told(portal))[2:] == [("gateway", "first", False)]


async def test_a_gateway_that_fails_now_and_then_is_told_of_once(engine: Engine, portal: Portal, now: datetime) -> None:
    gateways = opened()
    first, one = gateways["sms"][0], Watch(portal, gateways)
    for seconds in range(0, 600, 20):
        at = now + seconds * SECOND
        set_aside(first)
        await one.judge(at)
        first.finish(first.take(), None)
        await sent(portal, at + SECOND)
        await one.judge(at + 10 * SECOND)
    assert await told(portal) == [("gateway", "first", False)]


async def test_money_that_is_low_is_told_once(
    engine: Engine, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    gateways = opened()
    way = gateways["sms"][1].channel
    assert isinstance(way, Way)
    assert isinstance(way, HasBalance)
    one = Watch(portal, gateways)
    for minutes, kopecks in enumerate((30_000, 29_999, 5, 29_999, -5, None, 30_000, 30_000, 30_000)):
        way.balance_kopecks = kopecks
        await one.look_at_balances()
        # Of a balance that is not told nothing follows.
        await one.judge(now + minutes * MINUTE)
    assert await told(portal) == [("money", "second", False), ("money", "second", True)]
    assert "second does not say what money is left: no answer" in caplog.text


async def test_codes_that_wait_are_told_of_also_where_no_process_sends(
    engine: Engine, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    one = Watch(portal, {})
    # Others may wait longer.
    await post(portal, now, priority=1)
    await post(portal, now)
    for seconds in (59, 60, 90):
        await one.judge(now + seconds * SECOND)
    assert await told(portal) == [("codes", "", False)]
    assert "wrong from now on: codes" in caplog.text
    # That codes are too old to be sent is no end.
    await run("UPDATE outbox SET state = 'expired' WHERE message <> {}", DeliveryAlert.name)
    await judged([one], now + 3 * MINUTE)
    assert len(await told(portal)) == 1
    await sent(portal, now + 4 * MINUTE, "second")
    await judged([one], now + 5 * MINUTE)
    assert await told(portal) == [("codes", "", False), ("codes", "", True)]


@pytest.mark.parametrize(
    ("waiting", "minutes_ago", "sent_ago", "works", "wrong"),
    [
        (1, 5, None, False, True),
        (1, 4, None, False, False),
        (1, 9, 4, False, False),
        (1, 9, 6, False, True),
        # One message that a working relay defers is its recipient's matter; three are not.
        (2, 9, None, True, False),
        (3, 9, None, True, True),
        (3, 9, 1, True, False),
    ],
)
async def test_that_nothing_can_be_sent_for_five_minutes(
    engine: Engine, portal: Portal, now: datetime, waiting: int, minutes_ago: int, sent_ago: int | None,
    works: bool, wrong: bool,
) -> None:  # fmt: skip
    if sent_ago is not None:
        await sent(portal, now - sent_ago * MINUTE)
    await post(portal, now - minutes_ago * MINUTE, waiting, priority=1)
    watches = [Watch(portal, opened() if works else {})]
    await judged(watches, now)
    expected = [("sms", "", False)] if wrong else []
    assert await told(portal) == expected
    # The staff's own e-mail waits too; while the relay works, that is no reason for another one.
    await judged(watches, now + 2 * MINUTE)
    if wrong:
        await sent(portal, now + 3 * MINUTE)
        await judged(watches, now + 4 * MINUTE)
        assert await told(portal) == [("sms", "", False), ("sms", "", True)]


async def test_it_watches_by_itself_and_survives_faults_of_the_database(
    engine: Engine, portal: Portal, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "_LOOK", 0.01)
    monkeypatch.setattr(watch, "_JUDGE", 0.02)
    gateways = opened()
    set_aside(gateways["sms"][0])
    known, failing = states.known, True

    async def fails() -> Any:
        if failing:
            raise ConnectionError("away")
        return await known()

    monkeypatch.setattr(states, "known", fails)
    watching = asyncio.create_task(watch_forever(portal, gateways, lambda: now))
    try:
        async with asyncio.timeout(10):
            while "not watched" not in caplog.text:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
            failing = False
            while not await told(portal):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
    assert caplog.text.count("not watched") == 1
    assert await told(portal) == [("gateway", "first", False)]
