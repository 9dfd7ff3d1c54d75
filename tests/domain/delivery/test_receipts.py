"""What a receipt does to its message, on both databases: once, whatever comes again, late, forged or out of order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import outbox as rows
from db.engine import Engine, run, transaction
from domain.delivery import outbox, receipts
from domain.delivery.channels.channel import Begin, DeliveryFailed, Outcome, Outgoing, Receipt, Rendered, Taken
from domain.delivery.messages import CardPassword, Message, RegistrationCode
from domain.delivery.receipts import reference_of
from domain.portal import Portal
from tests.conftest import scope_of
from tests.domain.delivery.passes import deliver_due

PHONE = "+79123456789"
CODE = RegistrationCode(code="483920", good_for=600)
PASSWORD = CardPassword(password="k7m4pqr9wx", good_for=259200)
FINAL: Sequence[Outcome] = ("delivered", "undelivered", "expired", "rejected")


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    return Rendered(name)


class Way:
    """A gateway that gives receipts; the name that it gives each message is its number."""

    window = 8

    def __init__(self, *turns: DeliveryFailed, named: bool = False) -> None:
        self.turns = list(turns)
        self.named = named
        self.references: list[str] = []

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        await begin()
        self.references.append(outgoing.reference)
        await self.answer(outgoing)
        if self.turns:
            raise self.turns.pop(0)
        return Taken(True, outgoing.reference.partition(".")[0] if self.named else "", 305)

    async def answer(self, outgoing: Outgoing) -> None: ...

    async def close(self) -> None: ...


UNKNOWN = DeliveryFailed("unknown", "who knows")


@contextlib.asynccontextmanager
async def writing(portal: Portal) -> AsyncIterator[None]:
    writer = asyncio.create_task(receipts.write_forever(portal, lambda: datetime.now(UTC)))
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.wait({writer})


@pytest.fixture
async def _written(engine: Engine, portal: Portal) -> AsyncIterator[None]:
    async with writing(portal):
        yield


pytestmark = pytest.mark.usefixtures("_written")


async def post(portal: Portal, *messages: Message) -> None:
    for message in messages:
        await outbox.post(scope_of(portal, datetime.now(UTC)), message, PHONE)


async def deliver(portal: Portal, *ways: Way, after: timedelta = timedelta()) -> None:
    await deliver_due(portal, {"sms": ways}, render, datetime.now(UTC) + after)


async def row(number: int = 1) -> dict[str, Any]:
    return (await run("SELECT * FROM outbox WHERE id = {}", number))[0]


async def tell(portal: Portal, outcome: Outcome, reference: str, gateway: str = "sms-1") -> None:
    async with asyncio.timeout(10):
        await portal.arrivals.take(gateway, Receipt(outcome, reference))


@pytest.mark.parametrize("named", [False, True], ids=["by our reference", "by its own id"])
async def test_every_receipt_settles_a_message_once(portal: Portal, named: bool) -> None:
    way = Way(named=named)
    await post(portal, *[CODE] * 4)
    await deliver(portal, way)
    for number, outcome in enumerate(FINAL, 1):
        before = await row(number)
        assert (before["state"], before["sealed"], before["gateway"]) == ("accepted", "", "sms-1")
        assert (before["cost_kopecks"], before["receipt_at"]) == (305, None)
        assert len(before["gateway_id_hash"]) == (64 if named else 0)
        receipt = Receipt(outcome, id=str(number)) if named else Receipt(outcome, way.references[number - 1])
        for _ in range(3):
            async with asyncio.timeout(10):
                await portal.arrivals.take("sms-1", receipt)
            after = await row(number)
            assert after["state"] == outcome
            assert before["settled_at"] <= after["receipt_at"]
            before["receipt_at"] = before["receipt_at"] or after["receipt_at"]
            assert after == {**before, "state": outcome}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (["undelivered", "delivered"], "delivered"),
        (["delivered", "undelivered"], "delivered"),
        (["delivered", "rejected", "expired"], "delivered"),
        (["expired", "undelivered"], "expired"),
        (["rejected", "delivered", "rejected"], "delivered"),
    ],
)
async def test_out_of_order_what_has_arrived_has_arrived(portal: Portal, said: list[Outcome], state: str) -> None:
    way = Way()
    await post(portal, CODE, CODE)
    await deliver(portal, way)
    for outcome in said:
        await tell(portal, outcome, way.references[0])
    async with transaction():  # the writer waits until all of them are there
        together = [asyncio.create_task(tell(portal, outcome, way.references[1])) for outcome in said]
    await asyncio.gather(*together)
    assert [(await row(number))["state"] for number in (1, 2)] == [state] * 2


async def test_a_forged_receipt_does_nothing(portal: Portal) -> None:
    way = Way()
    await post(portal, CODE)
    await deliver(portal, way)
    before = await row()
    number, _, digest = way.references[0].partition(".")
    another = reference_of(portal, 1, before["created_at"] + timedelta(microseconds=1))
    for reference in (
        number, f"{number}.", f"{number}.{digest[:-1]}x", f"2.{digest}", another, "", ".", "x.y", "9" * 40,
        f"{'9' * 18}.x", f"-1.{digest}", f"٣.{digest}", f"0{number}.{digest}",
    ):  # fmt: skip
        await tell(portal, "delivered", reference)
    # Another gateway has no part in it; nor has an id that nobody gave.
    await tell(portal, "delivered", way.references[0], gateway="sms-2")
    await portal.arrivals.take("sms-1", Receipt("delivered", id="1"))
    assert await row() == before


@pytest.mark.parametrize("outcome", FINAL)
async def test_a_receipt_settles_an_unknown(portal: Portal, outcome: Outcome) -> None:
    way = Way(UNKNOWN)
    await post(portal, PASSWORD)
    await deliver(portal, way)
    assert (await row())["state"] == "unknown"
    await tell(portal, outcome, way.references[0])
    assert ((await row())["state"], (await row())["reason"]) == (outcome, "")


async def test_what_the_first_gateway_has_delivered_does_not_go_by_the_second(portal: Portal) -> None:
    first, second = Way(UNKNOWN), Way(DeliveryFailed("away", "nobody there"))
    await post(portal, CODE)
    await deliver(portal, first, second)
    assert ((await row())["state"], (await row())["past"]) == ("waiting", "sms-1")
    # That it has not arrived is no news: it goes out anyway.
    await tell(portal, "undelivered", first.references[0])
    assert (await row())["state"] == "waiting"
    await tell(portal, "delivered", first.references[0])
    assert ((await row())["state"], (await row())["sealed"]) == ("delivered", "")
    await deliver(portal, first, second, after=timedelta(minutes=1))
    assert len(second.references) == 1


@pytest.mark.parametrize("named", [False, True], ids=["by our reference", "by its own id"])
async def test_a_receipt_may_be_quicker_than_the_answer(portal: Portal, named: bool) -> None:
    told: list[asyncio.Task[None]] = []

    class Quick(Way):
        async def answer(self, outgoing: Outgoing) -> None:
            receipt = Receipt("delivered", id="1") if named else Receipt("delivered", outgoing.reference)
            told.append(asyncio.create_task(portal.arrivals.take("sms-1", receipt)))
            if not named:
                await told[0]
                assert (await row())["state"] == "delivered"

    await post(portal, CODE)
    await deliver(portal, Quick(named=named))
    async with asyncio.timeout(10):
        # One that is named by an id nobody knows yet is looked at again.
        while (await row())["state"] != "delivered":  # noqa: ASYNC110 - nothing tells of a commit
            await asyncio.sleep(0.05)
        await asyncio.gather(*told)
    found = await row()
    assert (found["sealed"], found["cost_kopecks"], bool(found["gateway_id_hash"])) == ("", 305, named)
    assert found["settled_at"] <= found["receipt_at"]


async def test_nothing_goes_out_twice_after_a_quick_receipt_and_a_lost_answer(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    class Quick(Way):
        async def answer(self, outgoing: Outgoing) -> None:
            await tell(portal, "delivered", outgoing.reference)

    second = Way()
    await post(portal, CODE)
    await deliver(portal, Quick(UNKNOWN), second)
    assert ((await row())["state"], (await row())["gateway"], second.references) == ("delivered", "sms-1", [])
    # Whether «info» is heard is left over from the tests before.
    assert [one.levelname for one in caplog.records if one.levelno > logging.INFO] == ["WARNING", "WARNING"]


async def test_receipts_outlive_a_fault_of_the_database(
    engine: Engine, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "_PAUSE", 0.05)
    way = Way()
    await post(portal, CODE)
    await deliver(portal, way)
    await run("ALTER TABLE outbox RENAME TO away")
    telling = asyncio.create_task(tell(portal, "delivered", way.references[0]))
    await asyncio.sleep(0.2)
    assert not telling.done()
    await run("ALTER TABLE away RENAME TO outbox")
    await telling
    assert (await row())["state"] == "delivered"


async def test_a_thousand_at_once_are_a_few_transactions(engine: Engine, portal: Portal) -> None:
    now = datetime.now(UTC)
    async with transaction():
        for _ in range(1000):
            await rows.put("sms", "registration-code", "", now, now + timedelta(minutes=1))
    await run("UPDATE outbox SET state = 'accepted', gateway = 'sms-1', settled_at = created_at")
    created = {found["id"]: found["created_at"] for found in await run("SELECT id, created_at FROM outbox")}
    async with asyncio.timeout(20):
        await asyncio.gather(
            *(tell(portal, "delivered", reference_of(portal, number, at)) for number, at in created.items())
        )
    states = await run("SELECT state, receipt_at FROM outbox")
    assert {found["state"] for found in states} == {"delivered"}
    assert len({found["receipt_at"] for found in states}) <= 10
