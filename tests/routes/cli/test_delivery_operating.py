"""What an operator sees and does: `delivery status`, `retry`, `hold`, `release`, `test`."""

from __future__ import annotations

import asyncio
import re
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import alerts, gateways, governor
from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.messages import RegistrationCode
from domain.portal import Portal
from tests.commands import DELIVERY, Command
from tests.conftest import scope_of
from tests.domain.delivery.channels.gateway import closed_port
from tests.domain.delivery.channels.mailbox import running_mailbox
from tests.domain.delivery.channels.smpp_gateway import running_smpp
from tests.routes.cli.test_registry import environment

PHONE = "+79123456789"
TWO = {"KABINET_SMS": "http+kannel://u:p@127.0.0.1:1/s#first,http+kannel://u:p@127.0.0.1:2/s#second"}


async def command(database: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(Command(DELIVERY, words, environment(database, **settings)).finished)


async def post(portal: Portal, ago: float = 0, **columns: Any) -> int:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    number = await outbox.post(scope_of(portal, at), RegistrationCode(code="483920", good_for=600), PHONE)
    for name, value in columns.items():
        await run(f"UPDATE outbox SET {name} = {{}} WHERE id = {{}}", value, number)
    return number


def _cells(line: str) -> list[str]:
    return re.split(r" {2,}", line)


async def test_status_says_what_waits_how_each_gateway_does_and_what_is_wrong(
    engine: Engine, portal: Portal, database: str
) -> None:
    now = datetime.now(UTC)
    await post(portal, ago=125)
    await post(portal)
    await post(portal, ago=3700, kind="email", priority=1)
    took = [1, 2, 3, 20]
    for seconds in took:
        await post(
            portal, state="delivered" if seconds < 20 else "undelivered", gateway="first", cost_kopecks=305,
            settled_at=now, receipt_at=now + timedelta(seconds=seconds),
        )  # fmt: skip
    await post(portal, state="unknown", gateway="first", settled_at=now)
    await post(portal, state="failed", gateway="first", settled_at=now)
    # Not today.
    await post(portal, state="accepted", gateway="first", settled_at=now - timedelta(days=2))
    await gateways.report("first", now, 123_456)
    await gateways.report("second", now, None)
    await gateways.report_set_aside("second", now, now + timedelta(minutes=1), "the gateway cannot be reached")
    await alerts.begin("gateway second", now)
    said = await command(database, "status", **TWO)
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert [_cells(line) for line in lines[:3]] == [
        ["waiting", "priority", "messages", "oldest"],
        ["email", "usual", "1", "1 hour"],
        ["sms", "code", "2", "2 minutes"],
    ]
    assert _cells(lines[5]) == ["first", "sms", "works", "4", "1", "75.0%", "20.0 s", "12.20", "1234.56"]
    assert re.fullmatch(r"set aside since \S+ \S+: the gateway cannot be reached", _cells(lines[6])[2])
    assert lines[-1].endswith(": gateway second")
    # Nothing of a customer.
    assert "483920" not in said.stdout
    assert "912" not in said.stdout


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_status_says_how_far_codes_are_held_back(engine: Engine, database: str) -> None:
    at = datetime(2026, 9, 15, 9, 30, tzinfo=UTC)
    assert "held back" not in (await command(database, "status", **TWO)).stdout
    for kind, name, step in (("network", "192.0.2.0/24", 3), ("portal", "", 1), ("range", "+79121", 2)):
        await governor.change(f"{kind}{name}", kind, name, 0, step, at)
    await governor.change("over", "network", "198.51.100.0/24", 1, 0, at)
    lines = (await command(database, "status", **TWO)).stdout.splitlines()
    assert [_cells(line) for line in lines[-4:]] == [
        ["codes are held back", "of", "who gets one", "since"],
        ["range", "+79121", "known numbers, after one", "2026-09-15 12:30"],
        ["portal", "-", "after a picture code", "2026-09-15 12:30"],
        ["network", "192.0.2.0/24", "nobody", "2026-09-15 12:30"],
    ]
    for number in range(18):
        await governor.change(f"more{number}", "network", f"203.0.{number}.0/24", 0, 1, at)
    lines = (await command(database, "status", **TWO)).stdout.splitlines()
    assert lines[-1] == "and 1 more"
    assert _cells(lines[-19])[1] == "192.0.2.0/24"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_hold_and_release(engine: Engine, database: str) -> None:
    assert (await command(database, "hold", "first", **TWO)).stdout == "first is held\n"
    lines = (await command(database, "status", **TWO)).stdout.splitlines()
    assert lines[0] == "Nothing waits"
    assert _cells(lines[3])[2].startswith("held since ")
    assert _cells(lines[4]) == ["second", "sms", "no process sends by it", "0", "0", "-", "-", "-", "-"]
    assert (await command(database, "release", "first", **TWO)).stdout == "first is released\n"
    assert [row["held_at"] for row in await gateways.known()] == [None]


async def test_retry_makes_a_message_due_and_says_why_it_cannot(engine: Engine, portal: Portal, database: str) -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    waiting, settled = await post(portal, next_at=later), await post(portal, state="unknown", sealed="")
    said = await command(database, "retry", str(waiting))
    assert (said.returncode, said.stdout) == (0, f"Message {waiting} is tried at once\n")
    assert (await run("SELECT next_at FROM outbox WHERE id = {}", waiting))[0]["next_at"] < later
    for number, why in ((settled, "does not wait: it is unknown"), (settled + 1, "")):
        said = await command(database, "retry", str(number))
        message = f"Message {number} {why}\n" if why else f"There is no message {number}\n"
        assert (said.returncode, said.stderr) == (1, message)


async def test_test_sends_one_real_message_by_each_gateway_and_says_what_came_back(
    engine: Engine, portal: Portal, database: str
) -> None:
    port = closed_port()
    with running_mailbox() as mailbox:
        async with running_smpp() as smpp:
            settings = {
                "KABINET_SMS": f"{smpp.dsn()}#operator,http+kannel://u:p@127.0.0.1:{port}/s#second",
                "KABINET_MAIL": f"smtp://127.0.0.1:{mailbox.port}?tls=none#relay",
                "KABINET_MAIL_FROM": "kabinet@example.org",
                "KABINET_STAFF_EMAIL": "staff@example.org",
            }
            words = ("test", "--sms", "8 912 345-67-89", "--mail", "a@example.org")
            trying = asyncio.create_task(command(database, *words, **settings))
            await asyncio.wait_for(smpp.came.wait(), 30)
            # It comes before the answer has been written down.
            smpp.receipt("00000001", "DELIVRD")
            said = await trying
    assert [submitted.text for submitted in smpp.submitted] == ["Проверка СМС: operator"]
    assert mailbox.recipients == ["a@example.org"]
    assert mailbox.emails[0]["Feedback-ID"] == "delivery-test-email:::kabinet"
    lines = said.stdout.splitlines()
    assert re.fullmatch(r"operator: taken after 0\.\d\d s, delivered after \d\.\d s", lines[0])
    assert re.fullmatch(r"second: away, the gateway cannot be reached \(\d\.\d\d s\)", lines[1])
    assert re.fullmatch(r"relay: taken after \d\.\d\d s", lines[2])
    # One of them failed.
    assert said.returncode == 1
    rows = await run("SELECT state, gateway, sealed FROM outbox ORDER BY id")
    assert [(row["state"], row["gateway"], row["sealed"]) for row in rows] == [
        ("delivered", "operator", ""), ("failed", "second", ""), ("sent", "relay", ""),
    ]  # fmt: skip
