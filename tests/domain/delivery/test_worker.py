"""The worker's loop: it wakes on commit, waits for no slow message, and lets codes go first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.engine import Engine, run, transaction
from domain.delivery import outbox, worker
from domain.delivery.between_processes import announce_forever, listen_forever
from domain.delivery.channels.channel import Begin, Channel, DeliveryFailed, Outgoing, Rendered, Taken
from domain.delivery.messages import AccountLost, ConnectionRequestReceived, Message, PhoneChanged, RegistrationCode
from domain.delivery.worker import Worker, run_forever
from domain.portal import Portal, make_portal
from tests.conftest import scope_of
from tests.domain.delivery.passes import gateways_of

PHONE = "+79123456789"
NOTICE = PhoneChanged(new_phone="+7 912 ···-··-89")


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    return Rendered(f"{name} {values.get('code', '')}", "subject", "<p>text</p>")


class Way:
    """A channel whose messages hang where they are told to, by their number from 1."""

    def __init__(self, *hanging: int, window: int = 100) -> None:
        self.window = window
        self.hanging = hanging
        self.sent: list[str] = []
        self.under_way = self.most = 0
        self.release = asyncio.Event()
        self.changed = asyncio.Condition()

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await begin()
            if int(outgoing.reference.split(".")[0]) in self.hanging:
                await self.release.wait()
            self.sent.append(outgoing.content.text.strip())
        finally:
            self.under_way -= 1
        async with self.changed:
            self.changed.notify_all()
        return Taken()

    async def arrived(self, messages: int) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.sent) >= messages)

    async def close(self) -> None: ...


def code(number: int) -> Message:
    return RegistrationCode(code=f"{number:06}", good_for=600)


async def post(portal: Portal, *messages: Message, ago: float = 0) -> None:
    now = datetime.now(UTC) - timedelta(seconds=ago)
    async with transaction():
        for message in messages:
            await outbox.post(scope_of(portal, now), message, PHONE if message.kind == "sms" else "a@example.org")


@contextlib.asynccontextmanager
async def delivering(portal: Portal, **channels: Sequence[Channel]) -> AsyncIterator[None]:
    running = asyncio.create_task(run_forever(portal, gateways_of(channels), render, lambda: datetime.now(UTC)))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})


async def states() -> list[str]:
    return [row["state"] for row in await run("SELECT state FROM outbox ORDER BY id")]


async def until(wanted: Callable[[list[str]], bool]) -> None:
    async with asyncio.timeout(10):
        while not wanted(await states()):  # noqa: ASYNC110 - nothing tells of a commit
            await asyncio.sleep(0.01)


@pytest.fixture
def no_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 3600.0)


async def test_a_commit_wakes_the_worker(engine: Engine, portal: Portal, no_polls: None) -> None:
    way = Way()
    async with delivering(portal, sms=[way]):
        for number in range(3):
            await post(portal, code(number))
            await way.arrived(number + 1)
    assert await states() == ["sent"] * 3


async def test_it_is_woken_by_the_commit_and_not_before(engine: Engine, portal: Portal, no_polls: None) -> None:
    told: list[str] = []
    with portal.posted.telling(lambda: told.append("told")):
        async with transaction():
            await outbox.post(scope_of(portal), code(1), PHONE)
            async with transaction():
                await outbox.post(scope_of(portal), code(2), PHONE)
            assert told == []
        assert told == ["told"] * 2
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                await outbox.post(scope_of(portal), code(3), PHONE)
                raise ZeroDivisionError
        await outbox.post(scope_of(portal), code(4), PHONE)
        assert told == ["told"] * 3


async def test_a_commit_of_another_process_wakes_it_too(engine: Engine, portal: Portal, no_polls: None) -> None:
    way, elsewhere = Way(), make_portal(portal.settings)
    between = [asyncio.create_task(announce_forever(elsewhere)), asyncio.create_task(listen_forever(portal))]
    async with delivering(portal, sms=[way]):
        for number in range(3):
            await post(elsewhere, code(number))
            await way.arrived(number + 1)
    for task in between:
        task.cancel()
    await asyncio.wait(between)


async def test_nobody_waits_for_a_message_that_hangs(engine: Engine, portal: Portal, no_polls: None) -> None:
    way = Way(3, 13, 23)
    async with delivering(portal, sms=[way]):
        await post(portal, *map(code, range(30)))
        await way.arrived(27)
        await post(portal, code(30))
        await way.arrived(28)
        # What was answered is settled, whoever hangs beside it.
        await until(lambda found: found.count("sent") == 28)
        assert (await states()).count("sending") == 3
        way.release.set()
        await way.arrived(31)
    assert await states() == ["sent"] * 31


async def test_codes_go_first_and_what_many_get_goes_last(engine: Engine, portal: Portal) -> None:
    way = Way(window=1)
    await post(portal, *[AccountLost("Анна", "7000000111", "ул. Тихая, 5")] * 3, ago=60)
    await post(portal, ConnectionRequestReceived(number=7, first_name="Иван", answer_days=3), ago=50)
    await post(portal, *[NOTICE] * 3, ago=40)
    await post(portal, code(1), code(2), ago=30)
    gateways = gateways_of({"sms": [way], "email": [way]})
    await Worker(portal, gateways, render, lambda: datetime.now(UTC)).run_until_idle()
    kinds = [text.split()[0] for text in way.sent]
    assert [kind for kind in kinds if kind in {"registration-code", "phone-changed"}] == [
        *["registration-code"] * 2,
        *["phone-changed"] * 3,
    ]
    assert [kind for kind in kinds if kind not in {"registration-code", "phone-changed"}] == [
        "connection-request-received",
        *["account-lost"] * 3,
    ]


async def test_a_gateway_gets_no_more_at_once_than_its_window(engine: Engine, portal: Portal) -> None:
    way = Way(window=4)
    await post(portal, *map(code, range(30)))
    await Worker(portal, gateways_of({"sms": [way]}), render, lambda: datetime.now(UTC)).run_until_idle()
    assert (way.most, len(way.sent)) == (4, 30)


async def test_what_is_not_begun_when_it_stops_waits_for_the_next_worker(
    engine: Engine, portal: Portal, no_polls: None
) -> None:
    class Slow(Way):
        waits = False

        async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
            if outgoing.content.text.endswith("2"):
                self.waits = True
                await self.release.wait()
            return await super().send(outgoing, begin)

    way = Slow(1)
    async with delivering(portal, sms=[way]):
        await post(portal, code(1), code(2))
        await until(lambda found: found == ["sending", "waiting"] and way.waits)
        asyncio.get_running_loop().call_later(0.1, way.release.set)
    # The first one had begun and is finished, the second one had not.
    assert (way.sent, await states()) == (["registration-code 000001"], ["sent", "waiting"])


async def test_what_was_sent_is_settled_once_the_database_is_back(
    engine: Engine, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    way = Way(1)
    async with delivering(portal, sms=[way]):
        await post(portal, code(1))
        await until(lambda found: found == ["sending"])
        await run("ALTER TABLE outbox RENAME TO away")
        way.release.set()
        async with asyncio.timeout(10):
            while "delivery waits" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)
        await run("ALTER TABLE away RENAME TO outbox")
        await until(lambda found: found == ["sent"])
    assert len(way.sent) == 1


async def test_a_fault_of_a_channel_before_it_begins_is_no_unknown(engine: Engine, portal: Portal) -> None:
    class Broken(Way):
        async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
            raise DeliveryFailed("away", "nobody there")

    await post(portal, NOTICE)
    gateways = gateways_of({"sms": [Broken()]})
    await Worker(portal, gateways, render, lambda: datetime.now(UTC)).run_until_idle()
    assert await states() == ["waiting"]
