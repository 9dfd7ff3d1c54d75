"""Kannel's answers, and what follows from each."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Receipt, Receipts, Rendered, Taken
from domain.delivery.channels.kannel import Kannel
from tests.domain.delivery.channels.gateway import Gateway, begun, closed_port, running_gateway

PHONE = "+79123456789"
CODE = "Код 483920 для регистрации."


def _outgoing(text: str = CODE) -> Outgoing:
    return Outgoing(1, "1.abc", datetime(2026, 9, 15, tzinfo=UTC), PHONE, Rendered(text))


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway() as gateway:
        yield gateway


async def _send(dsn: str, text: str = CODE, sender: str = "") -> None:
    channel = Kannel(dsn, sender, seconds=0.5)
    try:
        await channel.send(_outgoing(text), begun)
    finally:
        await channel.close()


async def _failure(dsn: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await _send(dsn)
    return caught.value


async def test_the_gateway_gets_the_message_as_kannel_reads_it(gateway: Gateway) -> None:
    await _send(gateway.dsn("p%40ss%2F%3A"), sender="Kabinet")
    assert gateway.requests == [
        {
            "username": "portal",
            "password": "p@ss/:",
            "from": "Kabinet",
            "to": PHONE,
            "text": CODE,
            "charset": "UTF-8",
            "validity": "1440",
            "coding": "2",
        }
    ]
    # A bare plus would be read as a space, which separates receivers.
    assert "to=%2B79123456789" in gateway.targets[0]


async def test_latin_text_goes_in_gsm_7_and_no_sender_means_none(gateway: Gateway) -> None:
    await _send(gateway.dsn(), "Code 483920, keep it [secret]")
    assert gateway.requests[0]["coding"] == "0"
    assert "from" not in gateway.requests[0]


async def test_receipts_are_asked_for_and_read_as_kannel_calls_them(gateway: Gateway) -> None:
    async def take(receipt: Receipt) -> None:
        raise AssertionError("it calls the address")

    channel = Kannel(gateway.dsn(), "", Receipts("https://kabinet.example.org/delivery/receipts/abc", take))
    assert await channel.send(_outgoing(), begun) == Taken(receipt=True)
    await channel.close()
    # Delivered, undelivered, rejected.
    assert gateway.requests[0]["dlr-mask"] == "19"
    address, _, query = gateway.requests[0]["dlr-url"].partition("?")
    assert address == "https://kabinet.example.org/delivery/receipts/abc"
    outcomes: dict[str, str | None] = {}
    for kind in ("1", "2", "4", "8", "16", "32"):
        fields = dict(parse_qsl(query.replace("%d", kind)))
        receipt = Kannel.read_receipt(fields)
        assert receipt is None or receipt == Receipt(receipt.outcome, "1.abc")
        outcomes[kind] = receipt.outcome if receipt else None
    assert outcomes == {"1": "delivered", "2": "undelivered", "4": None, "8": None, "16": "rejected", "32": None}
    with pytest.raises(ValueError, match="no receipt"):
        Kannel.read_receipt({"status": "1"})


@pytest.mark.parametrize(
    ("status", "body"),
    [(202, "0: Accepted for delivery"), (200, "0: Accepted for delivery"), (202, "3: Queued for later delivery")],
)
async def test_accepted(gateway: Gateway, status: int, body: str) -> None:
    gateway.status, gateway.body = status, body
    await _send(gateway.dsn())


@pytest.mark.parametrize(
    ("status", "body", "follows", "operator"),
    [
        (400, "Empty receiver number not allowed, rejected", "refused", False),
        (400, "Sender missing and no global set, rejected", "away", True),
        (403, "Not routable. Do not try again.", "refused", False),
        (403, "Authorization failed for sendsms", "away", True),
        (401, "", "away", True),
        (404, "Unknown request", "away", True),
        (202, "Authorization failed for sendsms", "away", True),
        (302, "", "away", True),
        (503, "Temporal failure, try again later.", "away", False),
        (429, "", "away", False),
        (200, "<html>Welcome", "unknown", False),
        (202, "", "unknown", False),
        (500, "", "unknown", False),
        (504, "", "unknown", False),
    ],
)
async def test_an_answer_and_what_follows(
    gateway: Gateway, status: int, body: str, follows: str, operator: bool
) -> None:
    gateway.status, gateway.body = status, body
    failure = await _failure(gateway.dsn())
    assert (failure.follows, failure.operator) == (follows, operator)
    assert len(gateway.requests) == 1


async def test_nobody_listening_means_surely_not_delivered() -> None:
    failure = await _failure(f"http+kannel://u:p@127.0.0.1:{closed_port()}/cgi-bin/sendsms")
    assert failure.follows == "away"


@pytest.mark.parametrize("behaviour", ["hang", "hang up"])
async def test_no_answer_after_the_request_means_nobody_knows(gateway: Gateway, behaviour: str) -> None:
    gateway.behaviour = behaviour  # type: ignore[assignment]
    assert (await _failure(gateway.dsn())).follows == "unknown"
    assert len(gateway.requests) == 1


async def test_an_answer_of_a_gigabyte_is_not_read_to_its_end(gateway: Gateway) -> None:
    gateway.status, gateway.body = 200, "<html>" + "x" * 5_000_000
    assert (await _failure(gateway.dsn())).follows == "unknown"


async def test_no_log_record_of_any_logger_holds_phone_text_or_password(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Kannel(gateway.dsn("hush-hush"), "")
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    await channel.send(_outgoing(), begun)
    gateway.status = 503
    gateway.body = f"{PHONE} {CODE}"
    with pytest.raises(DeliveryFailed) as caught:
        await channel.send(_outgoing(), begun)
    await channel.close()
    assert len(gateway.requests) == 2
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records) + repr(caught.value)
    for secret in ("9123456789", "483920", "hush-hush"):
        assert secret not in said
    assert "483920" not in repr(_outgoing())
