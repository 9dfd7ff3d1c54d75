"""A gateway whose receipts stop is set aside: the next one takes over, and it comes back with its first receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db import receipts
from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.channels.channel import Receipt
from domain.delivery.gateways import _PROBE, Gateway, next_gateway
from domain.delivery.messages import RegistrationCode
from domain.delivery.receipts import reference_of
from domain.delivery.worker import Worker
from domain.portal import Portal
from tests.conftest import scope_of
from tests.domain.delivery.passes import gateways_of
from tests.domain.delivery.test_health import Time
from tests.domain.delivery.test_receipts import Way, render, writing

PHONE = "+79123456789"


async def accepted(portal: Portal, now: datetime, messages: int, ago: float, receipts: bool = False) -> None:
    """Messages that sms-1 took a while ago."""
    at = now - timedelta(seconds=ago)
    for _ in range(messages):
        number = await outbox.post(scope_of(portal, at), RegistrationCode(code="1", good_for=600), PHONE)
        await run(
            "UPDATE outbox SET state = {}, gateway = 'sms-1', settled_at = {}, receipt_at = {} WHERE id = {}",
            "delivered" if receipts else "accepted", at, at if receipts else None, number,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "silent", "young", "stopped"),
    [
        (1, 20, 0, True),
        (5, 30, 5, True),
        (1, 19, 0, False),
        # A telephone may be off for a minute.
        (1, 0, 40, False),
        (1, 19, 20, False),
        # It has never given any.
        (0, 40, 0, False),
    ],
)
async def test_twenty_messages_without_one_mean_that_they_have_stopped(
    engine: Engine, portal: Portal, now: datetime, before: int, silent: int, young: int, stopped: bool
) -> None:
    await accepted(portal, now, before, ago=3600, receipts=True)
    await accepted(portal, now, silent, ago=90)
    await accepted(portal, now, young, ago=30)
    assert await receipts.have_stopped("sms-1", now) is stopped
    assert not await receipts.have_stopped("sms-2", now)
    # After a day nobody knows what it was like.
    assert not await receipts.have_stopped("sms-1", now + timedelta(days=1))


async def test_the_next_one_takes_over_until_a_receipt_comes(
    engine: Engine, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    await accepted(portal, now, 1, ago=3600, receipts=True)
    await accepted(portal, now, 20, ago=90)
    gateways = gateways_of({"sms": [Way(), Way()]})

    async def send() -> str:
        number = await outbox.post(scope_of(portal, now), RegistrationCode(code="1", good_for=600), PHONE)
        await Worker(portal, gateways, render, lambda: now).run_until_idle()
        return str((await run("SELECT gateway FROM outbox WHERE id = {}", number))[0]["gateway"])

    assert [await send(), await send()] == ["sms-2", "sms-2"]
    assert caplog.text.count("sms-1 is set aside: its receipts have stopped") == 1
    last = (await run("SELECT id, created_at FROM outbox WHERE gateway = 'sms-1' ORDER BY id DESC LIMIT 1"))[0]
    async with writing(portal):
        receipt = Receipt("delivered", reference_of(portal, last["id"], last["created_at"]))
        await portal.arrivals.take("sms-1", receipt)
    assert await send() == "sms-1"
    assert "sms-1 is back: its receipts come again" in caplog.text


def test_meanwhile_it_gets_one_now_and_then_and_everything_where_it_is_the_only_one() -> None:
    time = Time()
    own = [Gateway(name, Way(), time) for name in ("first", "second")]
    own[0].note_receipts(stopped=True)
    chosen = []
    for _ in range(3):
        time.now += _PROBE
        for _ in range(3):
            found = next_gateway(own)
            assert found is not None
            found.finish(found.take(), None)
            chosen.append(found.name)
    assert chosen == ["first", "second", "second"] * 3
    assert next_gateway(own[:1]) is own[0]
    own[0].note_receipts(stopped=False)
    assert next_gateway(own) is own[0]
