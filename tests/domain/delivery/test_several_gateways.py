"""Two gateways, the first one broken in every way that one can be: who gets what, and nothing twice that must not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import outbox as rows
from db.engine import Engine, run
from domain.delivery import gateways as gateways_module
from domain.delivery import outbox
from domain.delivery.channels.channel import DeliveryFailed, Rendered
from domain.delivery.channels.kannel import Kannel
from domain.delivery.gateways import Gateway, Gateways
from domain.delivery.messages import CardPassword, Message, PhoneChangeCode, RecoveryCode, RegistrationCode
from domain.delivery.worker import Worker
from domain.portal import Portal, make_portal
from tests.conftest import scope_of
from tests.domain.delivery.channels.gateway import Gateway as StandIn
from tests.domain.delivery.channels.gateway import closed_port, running_gateway

PHONE = "+79123456789"
CODE = RegistrationCode(code="483920", good_for=600)
PASSWORD = CardPassword(password="k7m4pqr9wx", good_for=259200)
# Every way in which a gateway is surely not to blame for a copy, and every way in which it may have one.
SURE = [(401, ""), (403, "Authorization failed"), (404, ""), (429, ""), (503, "Temporal failure"), (302, "")]
UNSURE = [(500, ""), (502, ""), (504, ""), (200, "<html>Welcome"), (202, "")]


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    return Rendered(f"{name} {values.get('code', values.get('password'))}")


@pytest.fixture
async def first() -> AsyncIterator[StandIn]:
    async with running_gateway() as gateway:
        yield gateway


@pytest.fixture
async def second() -> AsyncIterator[StandIn]:
    async with running_gateway() as gateway:
        yield gateway


async def deliver(portal: Portal, *dsns: str, now: datetime | None = None) -> None:
    await pass_over(
        portal, [Gateway(f"g{number}", Kannel(dsn, "", seconds=0.4)) for number, dsn in enumerate(dsns, 1)], now
    )


async def pass_over(portal: Portal, own: list[Gateway], now: datetime | None = None) -> None:
    gateways: Gateways = {"sms": own}
    try:
        await Worker(portal, gateways, render, lambda: now or datetime.now(UTC)).run_until_idle()
    finally:
        for gateway in own:
            await gateway.channel.close()


async def post(portal: Portal, *messages: Message, now: datetime | None = None) -> None:
    for message in messages:
        await outbox.post(scope_of(portal, now or datetime.now(UTC)), message, PHONE)


async def row() -> dict[str, Any]:
    return (await run("SELECT * FROM outbox ORDER BY id DESC LIMIT 1"))[0]


@pytest.mark.parametrize("message", [CODE, PASSWORD], ids=["code", "password"])
async def test_what_the_first_surely_has_not_taken_goes_by_the_second(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn, message: Message
) -> None:
    for status, body in SURE:
        first.status, first.body = status, body
        await post(portal, message)
        await deliver(portal, first.dsn(), second.dsn())
        assert ((await row())["state"], (await row())["gateway"]) == ("sent", "g2"), status
    assert len(second.requests) == len(SURE)


async def test_so_does_everything_where_nobody_listens(engine: Engine, portal: Portal, second: StandIn) -> None:
    await post(portal, CODE, PASSWORD)
    await deliver(portal, f"http+kannel://u:p@127.0.0.1:{closed_port()}/x", second.dsn())
    assert len(second.requests) == 2


@pytest.mark.parametrize("broken", [*UNSURE, "hang", "hang up"])
async def test_where_nobody_knows_codes_go_by_the_second_and_passwords_never(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn, broken: Any
) -> None:
    if isinstance(broken, str):
        first.behaviour = broken  # type: ignore[assignment]
    else:
        first.status, first.body = broken
    codes = [CODE, RecoveryCode(code="1", good_for=600), PhoneChangeCode(code="2", good_for=600)]
    await post(portal, *codes, PASSWORD)
    await deliver(portal, first.dsn(), second.dsn())
    assert [found["state"] for found in await run("SELECT state FROM outbox ORDER BY id")] == ["sent"] * 3 + ["unknown"]
    assert sorted(request["text"] for request in second.requests) == sorted(
        ["registration-code 483920", "recovery-code 1", "phone-change-code 2"]
    )
    assert (await row())["sealed"] == ""


@pytest.mark.parametrize("changed", [{"sms_unknown": "keep"}])
async def test_the_operator_may_forbid_it_for_codes_too(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn
) -> None:
    first.behaviour = "hang up"
    await post(portal, CODE)
    await deliver(portal, first.dsn(), second.dsn())
    assert ((await row())["state"], second.requests) == ("unknown", [])


async def test_a_second_gateway_that_is_away_gets_the_code_later_and_the_first_not_again(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn
) -> None:
    first.behaviour = "hang up"
    second.status = 503
    begun = datetime.now(UTC)
    await post(portal, CODE, now=begun)
    await deliver(portal, first.dsn(), second.dsn(), now=begun)
    assert ((await row())["state"], (await row())["past"]) == ("waiting", "g1")
    first.behaviour, second.status = "answer", 202
    await deliver(portal, first.dsn(), second.dsn(), now=begun + timedelta(seconds=2))
    assert ((await row())["state"], (await row())["gateway"]) == ("sent", "g2")
    assert (len(first.requests), len(second.requests)) == (1, 2)


async def test_a_code_that_a_killed_worker_was_sending_goes_by_the_second_and_a_password_by_none(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn
) -> None:
    begun = datetime.now(UTC)
    await post(portal, CODE, PASSWORD, now=begun)
    for priority in (0, 1):
        [claimed] = await rows.claim("sms", priority, begun, 1)
        await rows.begin([claimed["id"]], 1, "g1", "", begun)
    await deliver(portal, first.dsn(), second.dsn(), now=begun + rows.LEASE["sms"])
    assert [found["state"] for found in await run("SELECT state FROM outbox ORDER BY id")] == ["sent", "unknown"]
    assert (first.requests, [request["text"] for request in second.requests]) == ([], ["registration-code 483920"])


async def test_after_a_few_failures_the_first_is_left_alone_and_its_name_is_logged(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first.status = 503
    await post(portal, *[CODE] * 30)
    await deliver(portal, first.dsn(), second.dsn())
    assert len(second.requests) == 30
    # What had begun before it was known: at most its window.
    first.requests.clear()
    own = [Gateway("a", Kannel(first.dsn(), "")), Gateway("b", Kannel(second.dsn(), ""))]
    for _ in range(5):
        own[0].finish(own[0].take(), DeliveryFailed("away", ""))
    await post(portal, *[CODE] * 5)
    await pass_over(portal, own)
    assert first.requests == []
    assert "registration-code by g1: the gateway cannot take it now (503)" in caplog.text
    assert "registration-code by g2: sent" in caplog.text
    assert "g1 is set aside" in caplog.text


async def test_when_the_only_gateway_comes_back_everything_goes_at_once(
    engine: Engine, portal: Portal, first: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    port = closed_port()
    own = [Gateway("only", Kannel(f"http+kannel://u:p@127.0.0.1:{port}/cgi-bin/sendsms", ""))]
    worker = Worker(portal, {"sms": own}, render, lambda: datetime.now(UTC))
    running = asyncio.create_task(worker.run())
    await post(portal, *[CODE] * 20)
    worker.wake()
    async with asyncio.timeout(15):
        while "only is set aside" not in caplog.text:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.02)
    server = await asyncio.start_server(first.talk, "127.0.0.1", port)
    async with server, asyncio.timeout(20):
        while len(first.requests) < 20:  # noqa: ASYNC110 - each request comes by a connection of its own
            await asyncio.sleep(0.02)
        came = asyncio.get_running_loop().time()
        while {found["state"] for found in await rows.newest(20)} != {"sent"}:  # noqa: ASYNC110 - nothing tells of a commit
            await asyncio.sleep(0.02)
        assert asyncio.get_running_loop().time() - came < 15
        worker.stop()
        await running
    assert "only is back" in caplog.text
    assert max(found["attempts"] for found in await run("SELECT attempts FROM outbox")) <= 10


async def test_while_the_first_is_silent_the_second_gets_what_comes(
    engine: Engine, portal: Portal, first: StandIn, second: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways_module, "_SILENT", 0.1)
    first.behaviour = "hang"
    own = [Gateway("a", Kannel(first.dsn(), "")), Gateway("b", Kannel(second.dsn(), ""))]
    worker = Worker(portal, {"sms": own}, render, lambda: datetime.now(UTC))
    running = asyncio.create_task(worker.run())
    await post(portal, CODE)
    worker.wake()
    await asyncio.wait_for(first.came.wait(), 10)
    await asyncio.sleep(0.2)
    await post(portal, PASSWORD)
    worker.wake()
    await asyncio.wait_for(second.came.wait(), 10)
    assert [request["text"] for request in second.requests] == ["card-password k7m4pqr9wx"]
    first.release.set()
    worker.stop()
    await running


async def test_one_number_in_ten_that_hangs_holds_up_nobody(engine: Engine, portal: Portal, first: StandIn) -> None:
    first.hanging = lambda query: query["to"].endswith("0")
    now = datetime.now(UTC)
    for number in range(100):
        await outbox.post(scope_of(portal, now), CODE, f"+7912345{number:04}")
    own = [Gateway("a", Kannel(first.dsn(), ""))]
    worker = Worker(portal, {"sms": own}, render, lambda: datetime.now(UTC))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        while [found["state"] for found in await rows.newest(100)].count("sent") < 90:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
    first.release.set()
    worker.stop()
    await running
    assert [found["state"] for found in await rows.newest(100)].count("unknown") == 10


async def test_gateways_of_one_host_are_told_apart(engine: Engine, portal: Portal) -> None:
    dsns = ("http+kannel://u:p@host:1/x", "http+kannel://u:p@HOST:2/x", "https+kannel://u:p@other/x#spare")
    portal = make_portal(portal.settings.model_copy(update={"sms": dsns}))
    async with gateways_module.open_gateways(portal) as opened:
        assert [gateway.name for gateway in opened["sms"]] == ["host:1", "host:2", "spare"]
