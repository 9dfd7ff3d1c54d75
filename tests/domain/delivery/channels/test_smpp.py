"""What an SMPP gateway gets and says, and what follows from it: over one connection, kept, lost and found again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.delivery.channels import pace, smpp, smpp_connection, smpp_session
from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Receipt, Receipts, Rendered, Taken
from domain.delivery.channels.smpp import Smpp
from tests.domain.delivery.channels.gateway import begun, closed_port
from tests.domain.delivery.channels.smpp_gateway import (
    BIND,
    DELIVER,
    ENQUIRE,
    NACK,
    SUBMIT,
    UNBIND,
    SmppGateway,
    running_smpp,
)
from tests.domain.delivery.channels.tls import certificate, server_tls

__all__ = ["certificate", "server_tls"]  # fixtures
PHONE = "+79123456789"
CODE = "Код 483920 для регистрации."
RESPONSE = 0x80000000


def outgoing(text: str = CODE, number: int = 7, minutes: int = 10) -> Outgoing:
    at = datetime(2026, 9, 15, tzinfo=UTC)
    return Outgoing(number, f"{number}.abc", at, PHONE, Rendered(text), minutes=minutes)


class Receiver:
    """Where receipts go."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[Receipt] = asyncio.Queue()
        self.receipts = Receipts("https://kabinet.example.org/delivery/receipts/abc", self.came.put)

    async def next(self) -> Receipt:
        return await asyncio.wait_for(self.came.get(), 10)


@pytest.fixture
async def gateway() -> AsyncIterator[SmppGateway]:
    async with running_smpp() as gateway:
        yield gateway


@contextlib.asynccontextmanager
async def connected(
    gateway: SmppGateway, query: str = "", sender: str = "Kabinet", receiver: Receiver | None = None
) -> AsyncIterator[Smpp]:
    channel = Smpp(gateway.dsn(query), sender, receiver.receipts if receiver else None, seconds=0.5)
    try:
        yield channel
    finally:
        await channel.close()


async def failure_of(channel: Smpp, message: Outgoing | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await channel.send(message or outgoing(), begun)
    return caught.value


async def test_the_gateway_gets_the_message_over_one_connection(gateway: SmppGateway) -> None:
    receiver = Receiver()
    async with connected(gateway, receiver=receiver) as channel:
        for number in range(3):
            assert await channel.send(outgoing(f"{CODE} {number}"), begun) == Taken(True, f"{number + 1:08X}")
    message = gateway.submitted[0]
    assert (message.source, message.destination) == ((5, 0, "Kabinet"), (1, 1, "79123456789"))
    assert (message.text, message.coding, message.esm_class, message.registered) == (f"{CODE} 0", 8, 0, 1)
    # For ten minutes: years, months, days, hours, minutes, seconds, tenths, quarters, relative.
    assert message.validity == "000000001000000R"
    # It says goodbye.
    assert gateway.commands == [BIND, SUBMIT, SUBMIT, SUBMIT, UNBIND]


@pytest.mark.parametrize(
    ("query", "sender", "source", "destination"),
    [
        ("", "Kabinet", (5, 0, "Kabinet"), (1, 1, "79123456789")),
        ("", "", (0, 0, ""), (1, 1, "79123456789")),
        ("", "+79990000000", (1, 1, "79990000000"), (1, 1, "79123456789")),
        ("", "2345", (0, 0, "2345"), (1, 1, "79123456789")),
        ("?source=3.0&destination=2.8", "2345", (3, 0, "2345"), (2, 8, "79123456789")),
    ],
)
async def test_types_of_numbers(gateway: SmppGateway, query: str, sender: str, source: Any, destination: Any) -> None:
    async with connected(gateway, query, sender) as channel:
        assert await channel.send(outgoing(), begun) == Taken(False, "00000001")
    assert (gateway.submitted[0].source, gateway.submitted[0].destination) == (source, destination)
    assert gateway.submitted[0].registered == 0


@pytest.mark.parametrize(("minutes", "validity"), [(1, "000000000100000R"), (4321, "000003000100000R")])
async def test_how_long_it_is_worth_delivering(gateway: SmppGateway, minutes: int, validity: str) -> None:
    async with connected(gateway) as channel:
        await channel.send(outgoing(minutes=minutes), begun)
    assert gateway.submitted[0].validity == validity


@pytest.mark.parametrize(
    ("text", "coding", "lengths"),
    [
        ("Code 483920: keep it [secret] ^€", 0, [36]),
        ("x" * 160, 0, [160]),
        ("x" * 161, 0, [159, 14]),
        # A sign of the extension is two septets, which no part divides.
        ("x" * 152 + "€" * 10, 0, [158, 26]),
        ("я" * 70, 8, [140]),
        ("я" * 71, 8, [140, 14]),
        ("я" * 66 + "😀" * 3, 8, [138, 18]),
    ],
)
async def test_texts_in_gsm_7_bit_or_ucs_2_and_long_ones_in_parts(
    gateway: SmppGateway, text: str, coding: int, lengths: list[int]
) -> None:
    receiver = Receiver()
    async with connected(gateway, receiver=receiver) as channel:
        assert (await channel.send(outgoing(text), begun)).id == f"{len(lengths):08X}"
    parts = gateway.submitted
    assert [(part.coding, len(part.octets)) for part in parts] == [(coding, length) for length in lengths]
    if coding == 8:
        assert "".join(part.text for part in parts) == text
    # Only the last part asks for a receipt.
    assert [part.registered for part in parts] == [0] * (len(parts) - 1) + [1]
    if len(parts) > 1:
        assert [part.octets[:6] for part in parts] == [
            bytes((5, 0, 3, 7, len(parts), n)) for n in range(1, len(parts) + 1)
        ]
        assert {part.esm_class for part in parts} == {0x40}


async def test_a_long_text_may_go_as_a_payload(gateway: SmppGateway) -> None:
    async with connected(gateway, "?long=payload") as channel:
        for text in ("я" * 400, "я"):
            await channel.send(outgoing(text), begun)
    long, short = gateway.submitted
    assert (long.text, long.octets, long.esm_class) == ("я" * 400, b"", 0)
    assert (short.text, short.options) == ("я", {})


@pytest.mark.parametrize(
    ("status", "follows", "operator"),
    [
        (0x0B, "refused", False), (0x0A, "later", True), (0x45, "later", False), (0x08, "away", False),
        (0x48, "later", True), (0x51, "later", True), (0x04, "away", False), (0xFF, "later", False),
        # What only this gateway knows.
        (0x0412, "later", False),
    ],
)  # fmt: skip
async def test_a_status_and_what_follows(gateway: SmppGateway, status: int, follows: str, operator: bool) -> None:
    gateway.statuses = [status]
    async with connected(gateway) as channel:
        failure = await failure_of(channel)
        assert (failure.follows, failure.operator) == (follows, operator)
        # The connection goes on.
        await channel.send(outgoing(), begun)
    assert gateway.commands.count(BIND) == 1


@pytest.mark.parametrize(("status", "operator"), [(0x0E, True), (0x0F, True), (0x0D, True), (0x08, False)])
async def test_a_gateway_that_does_not_let_us_in(gateway: SmppGateway, status: int, operator: bool) -> None:
    gateway.bind_status = status
    async with connected(gateway) as channel:
        failure = await failure_of(channel)
        assert (failure.follows, failure.operator) == ("away", operator)
        # A message tries again at once, whatever the pause.
        gateway.bind_status = 0
        await channel.send(outgoing(), begun)
    assert len(gateway.submitted) == 1


async def test_nobody_listening_means_surely_not_delivered() -> None:
    channel = Smpp(f"smpp://portal:secret@127.0.0.1:{closed_port()}", "")
    assert (await failure_of(channel)).follows == "away"
    await channel.close()


@pytest.mark.parametrize("status", ["hang", "hang up"])
async def test_no_answer_means_nobody_knows(gateway: SmppGateway, status: str) -> None:
    gateway.statuses = [status]
    async with connected(gateway) as channel:
        assert (await failure_of(channel)).follows == "unknown"
        await channel.send(outgoing(), begun)
    assert gateway.commands.count(BIND) == (1 if status == "hang" else 2)


async def test_what_is_lost_with_a_connection_is_every_message_without_an_answer(gateway: SmppGateway) -> None:
    gateway.statuses = [0, "hang", "hang", 0, "hang up"]
    async with connected(gateway) as channel:
        came = await asyncio.gather(
            *(channel.send(outgoing(number=n), begun) for n in range(5)), return_exceptions=True
        )
    failures = [one.follows if isinstance(one, DeliveryFailed) else "" for one in came]
    assert failures == ["", "unknown", "unknown", "", "unknown"]


async def test_only_a_part_of_a_long_text_means_nobody_knows(gateway: SmppGateway) -> None:
    gateway.statuses = [0, 0x0B]
    async with connected(gateway) as channel:
        assert (await failure_of(channel, outgoing("я" * 200))).follows == "unknown"


# --- The connection ---


async def test_smpps_goes_over_tls_that_is_to_be_trusted(
    certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_smpp(tls=server_tls) as gateway:
        channel = Smpp(gateway.dsn(scheme="smpps"), "")
        failure = await failure_of(channel)
        await channel.close()
        assert (failure.follows, failure.operator) == ("away", True)
        assert failure.reason == "the gateway's certificate is not to be trusted: self-signed certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        channel = Smpp(gateway.dsn(scheme="smpps"), "")
        await channel.send(outgoing(), begun)
        await channel.close()
    assert len(gateway.submitted) == 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_connection, "PAUSES", (0.01, 0.02, 0.04))
    monkeypatch.setattr(smpp_session, "ENQUIRE_SECONDS", 0.05)
    monkeypatch.setattr(smpp_session, "ALIVE_SECONDS", 0.1)


async def until(wanted: Any) -> None:
    async with asyncio.timeout(10):
        while not wanted():  # noqa: ASYNC110 - the other side has no event for it
            await asyncio.sleep(0.01)


async def test_it_is_bound_before_anything_is_sent_and_comes_back_by_itself(quick: None) -> None:
    port = closed_port()
    channel = Smpp(f"smpp://portal:secret@127.0.0.1:{port}", "")
    await asyncio.sleep(0.05)
    for _ in range(2):
        async with running_smpp(port=port) as gateway:
            await until(lambda gateway=gateway: BIND in gateway.commands)
            await channel.send(outgoing(), begun)
            # The gateway goes away without a word.
            gateway.connections[-1].transport.abort()
            await until(lambda gateway=gateway: gateway.commands.count(BIND) == 2)
    await channel.close()


async def test_one_that_lets_us_in_only_to_hang_up_is_left_alone(
    gateway: SmppGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where another process has the account's only connection.
    monkeypatch.setattr(smpp_connection, "PAUSES", (0.01, 0.02, 600.0))
    gateway.hangs_up_at_once = True
    async with connected(gateway) as channel:
        await until(lambda: gateway.commands.count(BIND) == 3)
        await asyncio.sleep(0.1)
        assert gateway.commands.count(BIND) == 3
        # A message does not wait for the end of the pause.
        gateway.hangs_up_at_once = False
        await channel.send(outgoing(), begun)
    assert len(gateway.submitted) == 1


async def test_an_idle_connection_is_asked_whether_it_lives(gateway: SmppGateway, quick: None) -> None:
    async with connected(gateway) as channel:
        await until(lambda: gateway.commands.count(ENQUIRE) >= 3)
        assert gateway.commands.count(BIND) == 1
        # One that does not answer is given up.
        gateway.answers_enquiries = False
        await until(lambda: gateway.commands.count(BIND) == 2)
        await channel.send(outgoing(), begun)


async def test_what_the_gateway_asks_is_answered(gateway: SmppGateway) -> None:
    async with connected(gateway) as channel:
        await channel.send(outgoing(), begun)
        for command, sequence in ((ENQUIRE, 1), (0x103, 2), (0x102, 3), (UNBIND, 4)):
            gateway.say(gateway.connections[-1], command, sequence)
        await until(lambda: len(gateway.answers) == 3)
        # An alert needs no answer; what nobody knows is refused. After its goodbye a new connection is made.
        assert gateway.answers == [(ENQUIRE | RESPONSE, 0), (NACK, 3), (UNBIND | RESPONSE, 0)]
        await channel.send(outgoing(), begun)
    assert gateway.commands.count(BIND) == 2


async def test_what_is_no_smpp_ends_the_connection(gateway: SmppGateway) -> None:
    async with connected(gateway) as channel:
        await channel.send(outgoing(), begun)
        gateway.connections[-1].write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await until(lambda: gateway.commands.count(BIND) == 2)
        await channel.send(outgoing(), begun)


async def test_throttling_slows_down_and_fails_nothing(gateway: SmppGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_PAUSE", 0.02)
    gateway.most_a_second = 200
    async with connected(gateway) as channel:
        places = asyncio.Semaphore(channel.window)

        async def one(number: int) -> Taken:
            async with places:
                return await channel.send(outgoing(number=number), begun)

        came = await asyncio.gather(*map(one, range(300)))
    assert len({taken.id for taken in came}) == len(gateway.submitted) == 300
    # It does not try each message over and over.
    assert 0 < gateway.throttled < 150


async def test_one_that_takes_nothing_for_long_is_away(gateway: SmppGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "SLOWER_SECONDS", 0.3)
    gateway.statuses = [0x14] * 1000
    async with connected(gateway) as channel:
        failures = await asyncio.gather(*(failure_of(channel) for _ in range(10)))
    assert {failure.follows for failure in failures} == {"away"}
    assert not gateway.submitted


# --- Receipts ---


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("DELIVRD", "delivered"), ("UNDELIV", "undelivered"), ("EXPIRED", "expired"), ("REJECTD", "rejected"),
        ("DELETED", "rejected"), ("ACCEPTD", None), ("ENROUTE", None), ("UNKNOWN", None), ("WHATEVER", None),
    ],
)  # fmt: skip
async def test_receipts_come_by_the_same_connection(gateway: SmppGateway, state: str, outcome: Any) -> None:
    receiver = Receiver()
    async with connected(gateway, receiver=receiver) as channel:
        taken = await channel.send(outgoing(), begun)
        gateway.receipt(taken.id, state)
        await until(lambda: gateway.answers == [(DELIVER | RESPONSE, 0)])
        if outcome:
            assert await receiver.next() == Receipt(outcome, id=taken.id)
        assert receiver.came.empty()


async def test_all_that_a_gateway_may_deliver(gateway: SmppGateway) -> None:
    receiver = Receiver()
    async with connected(gateway, receiver=receiver) as channel:
        await channel.send(outgoing(), begun)
        # An SMS of a customer, an interim notification, a receipt of nothing, and what cannot be read.
        gateway.deliver("id:1 stat:DELIVRD", esm_class=0)
        gateway.deliver("id:1 stat:DELIVRD", esm_class=0x20)
        gateway.deliver("")
        gateway.say(gateway.connections[-1], DELIVER, 99, b"\0\1")
        # By optional parameters alone, in UCS-2, in a payload, and with lower case names.
        gateway.deliver(options={0x001E: b"a\0", 0x0427: b"\2"})
        gateway.deliver("id:b stat:UNDELIV", coding=8)
        gateway.deliver(options={0x0424: b"Id:c Sub:001 Stat:EXPIRED Err:000 Text:stat:DELIVRD id:a"})
        told = [await receiver.next() for _ in range(3)]
        await until(lambda: len(gateway.answers) == 7)
    assert {(one.outcome, one.id) for one in told} == {("delivered", "a"), ("undelivered", "b"), ("expired", "c")}
    assert receiver.came.empty()
    assert set(gateway.answers[:7]) == {(DELIVER | RESPONSE, 0)}


@pytest.mark.parametrize(
    ("ids", "answered", "told"),
    [("hex-dec", "00FF", "255"), ("dec-hex", "255", "ff"), ("same", "00FF", "00FF"), ("hex-dec", "x-1", "x-1")],
)
async def test_an_id_may_be_written_in_two_ways(gateway: SmppGateway, ids: str, answered: str, told: str) -> None:
    receiver = Receiver()
    gateway.ids = lambda _: answered
    async with connected(gateway, f"?ids={ids}", receiver=receiver) as channel:
        taken = await channel.send(outgoing(), begun)
        gateway.receipt(told, "DELIVRD")
        assert (await receiver.next()).id == taken.id


async def test_an_answer_that_comes_late_tells_whose_receipt_it_is(gateway: SmppGateway) -> None:
    receiver = Receiver()
    gateway.statuses = ["late"]
    async with connected(gateway, receiver=receiver) as channel:
        assert (await failure_of(channel)).follows == "unknown"
        gateway.answer_late()
        gateway.receipt("00000001", "DELIVRD")
        # Our own name for it: no row knows the other one.
        assert await receiver.next() == Receipt("delivered", "7.abc")


async def test_a_receipt_that_cannot_be_written_is_to_come_again(
    gateway: SmppGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp, "_RECEIPT_SECONDS", 0.1)

    async def stuck(_: Receipt) -> None:
        await asyncio.Event().wait()

    channel = Smpp(gateway.dsn(), "", Receipts("", stuck))
    await channel.send(outgoing(), begun)
    gateway.receipt("00000001", "DELIVRD")
    await until(lambda: gateway.answers == [(DELIVER | RESPONSE, 0x64)])
    await channel.close()


async def test_no_log_record_holds_phone_text_or_password(
    gateway: SmppGateway, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    gateway.password = "hush-hush"
    receiver = Receiver()
    async with connected(gateway, receiver=receiver) as channel:
        await channel.send(outgoing(), begun)
        gateway.say(gateway.connections[-1], DELIVER, 99, f"{PHONE} {CODE}".encode())
        gateway.receipt("00000001", "DELIVRD")
        await receiver.next()
        gateway.statuses = [0x0A]
        failure = await failure_of(channel)
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records) + repr(failure)
    assert "connected" in said
    for secret in ("9123456789", "483920", "hush-hush"):
        assert secret not in said
