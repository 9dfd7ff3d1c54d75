"""What SMSC gets and says, and what follows from it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.delivery.channels import smsc_statuses
from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Receipt, Receipts, Rendered, Taken
from domain.delivery.channels.smsc import Smsc
from tests.domain.delivery.channels.gateway import begun, closed_port
from tests.domain.delivery.channels.smsc_account import SmscAccount, running_account

PHONE = "+79123456789"
CODE = "Код 483920 для регистрации."


def outgoing(number: int = 16, text: str = CODE) -> Outgoing:
    return Outgoing(number, f"{number}.abc", datetime(2026, 9, 15, tzinfo=UTC), PHONE, Rendered(text))


@pytest.fixture
async def account() -> AsyncIterator[SmscAccount]:
    async with running_account() as account:
        yield account


class Receiver:
    """Where receipts go."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[Receipt] = asyncio.Queue()
        self.receipts = Receipts("https://kabinet.example.org/delivery/receipts/abc", self.came.put)


async def send(dsn: str, message: Outgoing | None = None, sender: str = "") -> Taken:
    channel = Smsc(dsn, sender, seconds=0.5)
    try:
        return await channel.send(message or outgoing(), begun)
    finally:
        await channel.close()


async def failure_of(dsn: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await send(dsn)
    return caught.value


async def test_the_gateway_gets_the_message_and_its_cost_is_kept(account: SmscAccount) -> None:
    channel = Smsc(account.dsn(), "Kabinet", seconds=0.5)
    assert await channel.send(outgoing(), begun) == Taken(receipt=False, id="17", cost_kopecks=305)
    assert channel.balance_kopecks == 9695
    assert account.asked == [
        (
            "send.php",
            {
                "login": "portal", "psw": "secret", "charset": "utf-8", "fmt": "3", "phones": PHONE, "mes": CODE,
                "id": "17", "cost": "3", "valid": "24:00", "sender": "Kabinet",
            },
        )
    ]  # fmt: skip
    # Nothing of it is in the address, which every server on the way writes into its log.
    assert account.heads[0].startswith("POST /sys/send.php HTTP/1.1\r\n")
    account.balance = 12.5
    assert await channel.look_at_balance() == 1250
    await channel.close()


async def test_a_call_says_the_text_from_a_number_of_the_gateway(account: SmscAccount) -> None:
    taken = await send(account.dsn(), replace(outgoing(text="Код: 4, 8, 3."), is_call=True), "Kabinet")
    assert taken == Taken(receipt=False, id="17", cost_kopecks=305)
    fields = account.asked[0][1]
    assert (fields["call"], fields["mes"], "sender" in fields) == ("1", "Код: 4, 8, 3.", False)
    await send(account.dsn())
    assert "call" not in account.asked[1][1]


async def test_an_api_key_takes_the_place_of_the_password(account: SmscAccount) -> None:
    account.login, account.password = "apikey", "key"
    assert (await send(account.dsn())).id == "17"
    assert account.asked[0][1]["apikey"] == "key"
    assert "psw" not in account.asked[0][1]


async def test_numbers_of_rows_stay_what_an_identifier_may_be(account: SmscAccount) -> None:
    for number in (1, 2**31 - 2, 2**31 - 1, 2**31, 2**40):
        told = (await send(account.dsn(), outgoing(number, f"{number}"))).id
        assert 1 <= int(told) <= 2**31 - 1


@pytest.mark.parametrize(
    ("error", "text", "follows", "operator"),
    [
        (1, "parameters error", "later", True),
        (2, "authorise error", "away", True),
        (3, "no money", "away", True),
        (4, "IP-address is temporarily blocked", "away", True),
        (5, "wrong date", "later", True),
        (6, "message is denied", "later", True),
        (7, "invalid number", "refused", False),
        (8, "can't be delivered", "refused", False),
        (9, "duplicate request, wait a minute", "later", False),
        (9, "too many concurrent requests", "away", False),
        (77, "something new", "later", True),
        (["x"], "", "later", True),
        (None, "nobody knows", "later", True),
    ],
)
async def test_an_error_and_what_follows(
    account: SmscAccount, error: Any, text: str, follows: str, operator: bool
) -> None:
    account.errors["send.php"] = [{"error": text, "error_code": error}]
    failure = await failure_of(account.dsn())
    assert (failure.follows, failure.operator) == (follows, operator)
    assert (failure.rest > 0) == (error == 4 or "concurrent" in text)


@pytest.mark.parametrize(
    ("answer", "follows"),
    [
        ("<html>Welcome", "unknown"), ("", "unknown"), ("[]", "unknown"), ("{}", "unknown"), ('"id"', "unknown"),
        (500, "unknown"), (502, "unknown"), ("hang", "unknown"), (503, "away"), (404, "away"), (400, "away"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_of_the_interface(account: SmscAccount, answer: Any, follows: str) -> None:
    account.errors["send.php"] = [answer]
    assert (await failure_of(account.dsn())).follows == follows


async def test_nobody_listening_means_surely_not_delivered() -> None:
    failure = await failure_of(f"http+smsc://u:p@127.0.0.1:{closed_port()}/sys/send.php")
    assert failure.follows == "away"


async def test_it_never_has_too_many_requests_at_once(account: SmscAccount) -> None:
    account.pause = 0.05
    channel = Smsc(account.dsn(), "")
    places = asyncio.Semaphore(channel.window)

    async def one(number: int) -> Taken:
        async with places:
            return await channel.send(outgoing(number, f"{number}"), begun)

    assert len(await asyncio.gather(*map(one, range(40)))) == 40
    assert account.most_at_once == channel.window < 15
    await channel.close()


# --- What became of a message ---


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smsc_statuses, "PAUSES", (0.02,) * 50)
    monkeypatch.setattr(smsc_statuses, "_TICK", 0.01)
    monkeypatch.setattr(smsc_statuses, "_FAULT_PAUSE", 0.05)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (1, "delivered"), (2, "delivered"), (3, "expired"), (20, "undelivered"), (22, "rejected"), (23, "rejected"),
        (24, "rejected"), (25, "undelivered"),
    ],
)  # fmt: skip
async def test_it_asks_until_it_knows(account: SmscAccount, soon: None, status: int, outcome: str) -> None:
    receiver = Receiver()
    channel = Smsc(account.dsn(), "", receiver.receipts, seconds=0.5)
    # It is asked again after an error, too.
    account.errors["status.php"] = [{"error": "authorise error", "error_code": 2}, "<html>", 503, [17], {}]
    assert (await channel.send(outgoing(), begun)).receipt
    async with asyncio.timeout(10):
        while len(account.asked) < 9:  # noqa: ASYNC110 - each question comes by a connection of its own
            await asyncio.sleep(0.01)
        assert receiver.came.empty()
        account.statuses["17"] = status
        receipt = await receiver.came.get()
    assert (receipt.outcome, receipt.reference) == (outcome, "16.abc")
    asked = len(account.asked)
    await asyncio.sleep(0.1)
    assert len(account.asked) == asked
    await channel.close()


async def test_it_asks_about_an_unknown_too(account: SmscAccount, soon: None) -> None:
    receiver = Receiver()
    channel = Smsc(account.dsn(), "", receiver.receipts, seconds=0.2)
    account.messages["17"], account.statuses["17"] = {"phones": PHONE, "mes": "other"}, 1
    account.errors["send.php"] = ["hang"]
    with pytest.raises(DeliveryFailed, match="did not answer in time"):
        await channel.send(outgoing(), begun)
    async with asyncio.timeout(10):
        assert await receiver.came.get() == Receipt("delivered", "16.abc")
    await channel.close()


async def test_many_are_asked_about_together(account: SmscAccount, soon: None) -> None:
    receiver = Receiver()
    channel = Smsc(account.dsn(), "", receiver.receipts)
    for number in range(120):
        await channel.send(outgoing(number, f"{number}"), begun)
        account.statuses[str(number + 1)] = 1
    async with asyncio.timeout(20):
        told = {(await receiver.came.get()).reference for _ in range(120)}
    assert told == {f"{number}.abc" for number in range(120)}
    questions = [len(fields["id"].split(",")) - 1 for script, fields in account.asked if script == "status.php"]
    assert max(questions) <= 50
    await channel.close()


def test_a_call_of_the_gateway_is_read() -> None:
    told = {"id": "17", "phone": "79123456789", "status": "1", "time": "15.09.2026 14:30", "err": "0", "cnt": "1"}
    assert Smsc.read_receipt(told) == Receipt("delivered", id="17")
    assert Smsc.read_receipt({**told, "status": "0"}) is None
    # Also SMS of customers are told by such calls.
    assert Smsc.read_receipt({"id": "5", "phone": "79123456789", "mes": "hello"}) is None
    for wrong in ({}, {"status": "1"}, {**told, "id": "x"}):
        with pytest.raises(ValueError, match="no receipt"):
            Smsc.read_receipt(wrong)


async def test_no_log_record_holds_phone_text_or_password(
    account: SmscAccount, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    account.password = "hush-hush"
    await send(account.dsn())
    account.errors["send.php"] = [{"error": f"{PHONE} {CODE} hush-hush", "error_code": 6}]
    failure = await failure_of(account.dsn())
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records) + repr(failure)
    for secret in ("9123456789", "483920", "hush-hush"):
        assert secret not in said
