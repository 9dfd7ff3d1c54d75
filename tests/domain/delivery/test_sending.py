"""What becomes of an outbox row, on both databases, with a real gateway and a real mail server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import outbox as rows
from db.clock import DatabaseClock
from db.engine import Engine, run, transaction
from domain.delivery import outbox
from domain.delivery.channels.channel import Begin, DeliveryFailed, Outgoing, Rendered, Taken
from domain.delivery.gateways import open_gateways
from domain.delivery.messages import ConnectionRequestReceived, RegistrationCode
from domain.delivery.sending import CODE_PAUSE, PAUSES
from domain.delivery.worker import Worker, run_forever
from domain.portal import Portal, make_portal
from tests.conftest import scope_of
from tests.domain.delivery.channels.gateway import Gateway, closed_port, running_gateway
from tests.domain.delivery.channels.mailbox import running_mailbox
from tests.domain.delivery.passes import deliver_due

PHONE = "+79123456789"
MESSAGE = RegistrationCode(code="483920", good_for=600)


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    text = f"{name} {values.get('code', '')}"
    return Rendered(text, text, f"<p>{text}</p>")


class Way:
    """A channel that does what it is told, in turn; then it sends."""

    window = 8

    def __init__(self, *turns: DeliveryFailed | Exception) -> None:
        self.turns = list(turns)
        self.sent: list[Outgoing] = []

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        await begin()
        if self.turns:
            raise self.turns.pop(0)
        self.sent.append(outgoing)
        return Taken()

    async def close(self) -> None: ...


LATER = DeliveryFailed("later", "not now")
REFUSED = DeliveryFailed("refused", "never")
AWAY = DeliveryFailed("away", "nobody there")
UNKNOWN = DeliveryFailed("unknown", "who knows")


async def _row() -> dict[str, Any]:
    return (await run("SELECT * FROM outbox ORDER BY id DESC LIMIT 1"))[0]


def _with(portal: Portal, **changes: Any) -> Portal:
    return make_portal(portal.settings.model_copy(update=changes))


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway() as gateway:
        yield gateway


async def test_a_sent_row_is_wiped(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    assert await deliver_due(portal, {"sms": [way]}, render, now) == 1
    assert [(o.to, o.content.text) for o in way.sent] == [(PHONE, "registration-code 483920")]
    row = await _row()
    assert (row["state"], row["sealed"], row["attempts"], row["reason"]) == ("sent", "", 1, "")
    assert row["settled_at"] - now < timedelta(seconds=5)
    assert await deliver_due(portal, {"sms": [way]}, render, now + timedelta(hours=1)) == 0
    assert len(way.sent) == 1


async def test_what_is_rolled_back_is_never_sent(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
            raise ZeroDivisionError
    assert await deliver_due(portal, {"sms": [way]}, render, now) == 0
    assert way.sent == []


@pytest.mark.parametrize(("failure", "state"), [(REFUSED, "failed"), (UNKNOWN, "unknown")])
async def test_what_is_settled_is_wiped_and_not_tried_again(
    engine: Engine, portal: Portal, now: datetime, failure: DeliveryFailed, state: str
) -> None:
    way = Way(failure)
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    await deliver_due(portal, {"sms": [way]}, render, now)
    row = await _row()
    assert (row["state"], row["sealed"], row["reason"]) == (state, "", failure.reason)
    assert row["settled_at"] is not None
    assert await deliver_due(portal, {"sms": [way]}, render, now + timedelta(minutes=9)) == 0
    assert way.sent == []


async def test_later_means_growing_pauses_then_it_expires(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way(*[LATER] * 50)
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    at, pauses = now, []
    while await deliver_due(portal, {"sms": [way]}, render, at):
        row = await _row()
        if row["state"] != "waiting":
            break
        assert row["sealed"] != ""
        pauses.append(round((row["next_at"] - at).total_seconds()))
        assert await deliver_due(portal, {"sms": [way]}, render, row["next_at"] - timedelta(seconds=1)) == 0
        at = row["next_at"]
    assert pauses == [5, *[CODE_PAUSE] * 39]  # of the ten minutes that a code is good
    row = await _row()
    assert (row["state"], row["sealed"], row["attempts"]) == ("expired", "", 41)


async def test_the_last_pause_repeats(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way(*[LATER] * 8)
    await outbox.post(
        scope_of(portal, now), ConnectionRequestReceived(number=7, first_name="Иван", answer_days=3), "i@example.com"
    )
    at = now
    for _ in range(8):
        await deliver_due(portal, {"email": [way]}, render, at)
        at, before = (await _row())["next_at"], at
    assert round((at - before).total_seconds()) == PAUSES[-1]
    await deliver_due(portal, {"email": [way]}, render, at)
    assert (await _row())["state"] == "sent"
    assert (await _row())["attempts"] == 9
    assert way.sent[0].written_at == now


async def test_a_row_too_old_expires_unsent(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    assert await deliver_due(portal, {"sms": [way]}, render, now + timedelta(minutes=10)) == 0
    row = await _row()
    assert (row["state"], row["sealed"], row["attempts"]) == ("expired", "", 0)
    assert way.sent == []


async def test_outbox_mode_leaves_rows_sealed_and_a_channel_set_later_expires_them(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    assert await deliver_due(portal, {"sms": [], "email": [way]}, render, now + timedelta(days=1)) == 0
    row = await _row()
    assert row["state"] == "waiting"
    assert portal.sealing.unseal(row["sealed"])["values"]["code"] == "483920"
    await deliver_due(portal, {"sms": [way]}, render, now + timedelta(days=1))
    assert (await _row())["state"] == "expired"
    assert way.sent == []


@pytest.mark.parametrize(
    ("first", "second", "state", "by_second"),
    [
        (LATER, [], "sent", 1),
        (REFUSED, [], "sent", 1),
        (UNKNOWN, [], "sent", 1),
        (UNKNOWN, [UNKNOWN], "unknown", 0),
        (UNKNOWN, [REFUSED], "unknown", 0),
        (UNKNOWN, [AWAY], "waiting", 0),
        (AWAY, [], "sent", 1),
        (LATER, [REFUSED], "waiting", 0),
        (REFUSED, [LATER], "waiting", 0),
        (REFUSED, [REFUSED], "failed", 0),
        (LATER, [UNKNOWN], "waiting", 0),
        (AWAY, [UNKNOWN], "waiting", 0),
        (ValueError(PHONE), [], "sent", 1),
    ],
)
async def test_the_next_channel_is_tried_when_the_first_surely_did_not_deliver(
    engine: Engine,
    portal: Portal,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    first: Exception,
    second: list[Exception],
    state: str,
    by_second: int,
) -> None:
    ways = [Way(first), Way(*second)]
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    await deliver_due(portal, {"sms": ways}, render, now)
    row = await _row()
    assert (row["state"], len(ways[0].sent), len(ways[1].sent)) == (state, 0, by_second)
    assert PHONE not in caplog.text + row["reason"]


async def test_a_slip_in_a_template_keeps_the_message(
    engine: Engine, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str, values: Mapping[str, Any], language: str) -> Rendered:
        raise KeyError(values["code"])

    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    await deliver_due(portal, {"sms": [way]}, broken, now)
    assert (await _row())["state"] == "waiting"
    assert "483920" not in (await _row())["reason"] + caplog.text
    await deliver_due(portal, {"sms": [way]}, render, now + timedelta(seconds=20))
    assert len(way.sent) == 1


async def test_a_lost_secret_fails_the_row(engine: Engine, portal: Portal, now: datetime) -> None:
    way = Way()
    await outbox.post(scope_of(_with(portal, secret="another secret, as long as it must be"), now), MESSAGE, PHONE)
    await deliver_due(portal, {"sms": [way]}, render, now)
    assert (await _row())["state"] == "failed"


LEASE, TAKEN = rows.LEASE["sms"], rows.TAKEN["sms"]


async def _claimed(now: datetime) -> rows.ClaimedRow:
    [claimed] = await rows.claim("sms", 0, now, 1)
    return claimed


async def test_a_row_left_sending_ends_as_unknown_after_the_lease(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    row = await _claimed(now)
    assert await rows.begin([row["id"]], 1, "sms-1", "", now) == {row["id"]}
    almost = now + LEASE - timedelta(seconds=1)
    await deliver_due(portal, {"sms": [way]}, render, almost)
    assert (await _row())["state"] == "sending"
    await deliver_due(portal, {"sms": [way]}, render, now + LEASE)
    assert ((await _row())["state"], (await _row())["sealed"], way.sent) == ("unknown", "", [])
    # The worker was only asleep: it changes nothing any more.
    assert not await rows.begin([row["id"]], 1, "sms-1", "", now)
    assert not await rows.put_back([row["id"]], 1, "", "", now)
    assert not await rows.settle([row["id"]], 1, "sent", "", now)
    assert (await _row())["state"] == "unknown"


async def test_a_row_that_was_taken_and_not_begun_was_surely_not_sent(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    way = Way()
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    row = await _claimed(now)
    await deliver_due(portal, {"sms": [way]}, render, now + TAKEN - timedelta(seconds=1))
    assert ((await _row())["state"], way.sent) == ("waiting", [])
    await deliver_due(portal, {"sms": [way]}, render, now + TAKEN)
    assert ((await _row())["state"], len(way.sent)) == ("sent", 1)
    # The worker was only asleep: it may not begin any more.
    assert not await rows.begin([row["id"]], 1, "sms-1", "", now)


async def test_an_older_attempt_changes_nothing_of_a_newer_one(engine: Engine, portal: Portal, now: datetime) -> None:
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    first = await _claimed(now)
    assert await rows.put_back([first["id"]], first["attempts"], "", "", now)
    second = await _claimed(now)
    assert not await rows.begin([first["id"]], first["attempts"], "sms-1", "", now)
    assert not await rows.settle([first["id"]], first["attempts"], "sent", "", now)
    assert await rows.settle([second["id"]], second["attempts"], "sent", "", now)


async def test_two_workers_never_send_one_row_twice(
    engine: Engine, database: str, portal: Portal, now: datetime
) -> None:
    way = Way()
    for _ in range(60):
        await outbox.post(scope_of(portal, now), MESSAGE, PHONE)

    await asyncio.gather(*(deliver_due(portal, {"sms": [way]}, render, now) for _ in range(6)))
    references = [outgoing.reference for outgoing in way.sent]
    assert len(references) == len(set(references)) == 60
    assert {row["state"] for row in await rows.newest(100)} == {"sent"}


async def test_a_message_keeps_its_reference_at_every_attempt(engine: Engine, portal: Portal, now: datetime) -> None:
    seen: list[str] = []

    class Forgetful(Way):
        async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
            seen.append(outgoing.reference)
            return await super().send(outgoing, begin)

    way = Forgetful(LATER)
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    await deliver_due(portal, {"sms": [way]}, render, now)
    await deliver_due(portal, {"sms": [way]}, render, now + timedelta(seconds=30))
    assert len(seen) == 2
    assert len(set(seen)) == 1


async def test_from_the_settings_to_the_gateway_and_the_mail_server(
    engine: Engine, portal: Portal, now: datetime, gateway: Gateway
) -> None:
    down = f"http+kannel://u:p@127.0.0.1:{closed_port()}/cgi-bin/sendsms"
    with running_mailbox() as mailbox:
        portal = _with(
            portal,
            sms=(down, gateway.dsn()),
            mail=f"smtp://127.0.0.1:{mailbox.port}?tls=none",
            mail_from="kabinet@example.org",
        )
        await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
        await outbox.post(
            scope_of(portal, now),
            ConnectionRequestReceived(number=7, first_name="Иван", answer_days=3),
            "i@example.com",
        )
        async with open_gateways(portal) as gateways:
            assert await Worker(portal, gateways, render, lambda: now).run_until_idle() == 2
    assert [request["text"] for request in gateway.requests] == ["registration-code 483920"]
    assert mailbox.recipients == ["i@example.com"]
    assert mailbox.emails[0]["Feedback-ID"] == f"{ConnectionRequestReceived.name}:::kabinet"
    # Only the gateway says what becomes of it.
    assert {row["kind"]: row["state"] for row in await rows.newest(2)} == {"sms": "accepted", "email": "sent"}


async def test_neither_file_nor_log_holds_the_code_afterwards(
    engine: Engine, database: str, portal: Portal, now: datetime, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    portal = _with(portal, sms=(gateway.dsn("hush-hush"),))
    await outbox.post(scope_of(portal, now), MESSAGE, PHONE)
    sealed = (await _row())["sealed"]
    async with open_gateways(portal) as gateways:
        await Worker(portal, gateways, render, lambda: now).run_until_idle()
    assert gateway.requests[0]["text"].endswith("483920")
    assert (await _row())["state"] == "accepted"
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "kabinet.delivery" in {record.name for record in caplog.records}
    for secret in ("483920", "9123456789", "hush-hush"):
        assert secret not in said
    if not database.startswith("sqlite:"):
        return
    await run("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(database.removeprefix("sqlite:"))
    kept = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"registration-code" in kept
    for gone in (b"483920", b"9123456789", sealed.encode()):
        assert gone not in kept


@contextlib.asynccontextmanager
async def delivering(portal: Portal) -> AsyncIterator[None]:
    """A worker beside whatever is inside, as app.py runs it."""
    async with open_gateways(portal) as gateways:
        worker = asyncio.create_task(run_forever(portal, gateways, render, DatabaseClock()))
        try:
            yield
        finally:
            worker.cancel()
            await asyncio.wait({worker})


async def test_a_worker_beside_the_portal_sends_and_stops_after_what_it_is_sending(
    engine: Engine, portal: Portal, gateway: Gateway
) -> None:
    gateway.behaviour = "hang"
    portal = _with(portal, sms=(gateway.dsn(),))
    async with delivering(portal):
        await outbox.post(scope_of(portal, datetime.now(UTC)), MESSAGE, PHONE)
        await asyncio.wait_for(gateway.came.wait(), 5)
        asyncio.get_running_loop().call_later(0.1, gateway.release.set)
    # The gateway hung up without an answer only after the stop had been asked for: the row knows of it.
    assert (await _row())["state"] == "unknown"
    assert len(gateway.requests) == 1


async def test_a_mail_server_that_hangs_holds_up_no_code(engine: Engine, portal: Portal, gateway: Gateway) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await mail_done.wait()
        writer.close()

    mail_done = asyncio.Event()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    portal = _with(portal, sms=(gateway.dsn(),), mail=f"smtp://127.0.0.1:{port}?tls=none", mail_from="k@example.org")
    async with server, delivering(portal):
        await outbox.post(
            scope_of(portal, datetime.now(UTC)),
            ConnectionRequestReceived(number=7, first_name="Иван", answer_days=3),
            "i@example.com",
        )
        await asyncio.sleep(0.7)
        await outbox.post(scope_of(portal, datetime.now(UTC)), MESSAGE, PHONE)
        await asyncio.wait_for(gateway.came.wait(), 3)
        mail_done.set()


async def test_the_worker_outlives_a_fault_of_the_database(
    engine: Engine, portal: Portal, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    portal = _with(portal, sms=(gateway.dsn(),))
    await run("ALTER TABLE outbox RENAME TO away")
    async with delivering(portal):
        async with asyncio.timeout(10):
            while "delivery waits" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.02)
        await run("ALTER TABLE away RENAME TO outbox")
        await outbox.post(scope_of(portal, datetime.now(UTC)), MESSAGE, PHONE)
        await asyncio.wait_for(gateway.came.wait(), 10)
    assert (await _row())["state"] == "accepted"
    [line] = [record.getMessage() for record in caplog.records if "waits" in record.getMessage()][:1]
    assert "\n" not in line


async def test_without_channels_the_worker_ends_at_once(portal: Portal) -> None:
    # No database is open: asking it would fail.
    async with open_gateways(portal) as gateways:
        await asyncio.wait_for(run_forever(portal, gateways, render, DatabaseClock()), 1)
