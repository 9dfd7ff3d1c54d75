"""kill -9 of a real worker process while it sends, and before it begins."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from db import outbox as rows
from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.gateways import open_gateways
from domain.delivery.messages import CardPassword, ConnectionRequestReceived, RegistrationCode
from domain.delivery.worker import Worker
from domain.portal import Portal, make_portal
from routes.message_texts import MessageTexts
from tests.commands import forked
from tests.conftest import SECRET, scope_of
from tests.domain.delivery.channels.gateway import Gateway, running_gateway
from tests.domain.delivery.channels.mailbox import running_mailbox
from tests.domain.delivery.channels.smpp_gateway import SmppGateway, running_smpp
from tests.domain.delivery.channels.smsc_account import SmscAccount, running_account

ROOT = Path(__file__).parents[2]
PHONE = "+79123456789"
MESSAGE = RegistrationCode(code="483920", good_for=600)


@contextlib.asynccontextmanager
async def _worker(database: str, gateway: Gateway) -> AsyncIterator[asyncio.subprocess.Process]:
    """`delivery run` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from routes.cli.delivery import delivery_group; delivery_group()", "run",
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "KABINET_DATABASE": database,
            "KABINET_SECRET": SECRET,
            "KABINET_SMS": gateway.dsn(),
        },
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _begun(process: asyncio.subprocess.Process) -> bytes:
    """What it has said until it listens to signals."""
    assert process.stderr is not None
    return await process.stderr.readuntil(b"delivery runs")


async def _row() -> dict[str, Any]:
    return (await run("SELECT * FROM outbox ORDER BY id DESC LIMIT 1"))[0]


async def test_a_worker_killed_while_sending_sends_nothing_twice(engine: Engine, database: str, portal: Portal) -> None:
    async with running_gateway() as gateway:
        gateway.behaviour = "hang"
        await outbox.post(scope_of(portal, datetime.now(UTC)), MESSAGE, PHONE)
        async with _worker(database, gateway) as process:
            await asyncio.wait_for(gateway.came.wait(), 20)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert (await _row())["state"] == "sending"
        gateway.behaviour = "answer"
        gateway.release.set()
        sms = make_portal(portal.settings.model_copy(update={"sms": (gateway.dsn(),)}))
        async with open_gateways(sms) as gateways:
            for at in (datetime.now(UTC), datetime.now(UTC) + rows.LEASE["sms"]):
                await Worker(sms, gateways, MessageTexts(), lambda at=at: at).run_until_idle()  # type: ignore[misc]
        row = await _row()
        assert (row["state"], row["sealed"], row["attempts"]) == ("unknown", "", 1)
        assert len(gateway.requests) == 1


async def test_a_row_committed_before_the_worker_began_is_sent_once_and_sigterm_ends_it(
    engine: Engine, database: str, portal: Portal
) -> None:
    # As after a process that was killed between its commit and the claim.
    async with running_gateway() as gateway:
        await outbox.post(scope_of(portal, datetime.now(UTC)), MESSAGE, PHONE)
        async with _worker(database, gateway) as process, _worker(database, gateway) as other:
            began = [await asyncio.wait_for(_begun(worker), 20) for worker in (process, other)]
            await asyncio.wait_for(gateway.came.wait(), 20)
            await asyncio.sleep(1)  # two more polls of both workers
            process.send_signal(signal.SIGTERM)
            _, said = await asyncio.wait_for(process.communicate(), 10)
            assert process.returncode == 0
        assert [request["text"] for request in gateway.requests] == [
            "Код 483920 для регистрации (Кабинет). Никому его не сообщайте."
        ]
        assert (await _row())["state"] == "accepted"
        for text in (*began, said):
            assert b"483920" not in text
            assert b"9123456789" not in text


MOMENTS = 20


class Killed:
    """Workers of `delivery run` in turn: each is killed at one moment of what it says to its gateway."""

    def __init__(self, database: str, folder: Path, **settings: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "KABINET_DATABASE": database,
            "KABINET_SECRET": SECRET,
        } | settings
        self._folder = folder
        self._process: BaseProcess | None = None
        self._left = 0

    def moment(self, _: str) -> None:
        self._left -= 1
        if self._left == 0 and self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)

    async def kill_at(self, moment: int) -> None:
        self._left = moment
        streams = [self._folder / "log"] * 2
        entry = "routes.cli.delivery:delivery_group"
        self._process = await asyncio.to_thread(forked, entry, ["run"], self._environment, self._folder, streams)
        await asyncio.to_thread(self._process.join, 60)
        assert self._process.exitcode == -signal.SIGKILL, (self._folder / "log").read_text()


async def _states() -> dict[int, str]:
    return {row["id"]: row["state"] for row in await run("SELECT id, state FROM outbox")}


async def _killed_at_every_moment(portal: Portal, killed: Killed, post: Callable[[int], Awaitable[object]]) -> set[int]:
    """The rows of which nobody can know whether they were sent."""
    unknown = set()
    for moment in range(1, MOMENTS + 1):
        for number in range(10):
            await post(moment * 100 + number)
        await killed.kill_at(moment)
        unknown |= {row for row, state in (await _states()).items() if state == "sending"}
    async with open_gateways(portal) as gateways:
        # The first pass finds what the last worker has left, the second one sends what it had not begun.
        later = datetime.now(UTC) + max(rows.LEASE.values())
        await Worker(portal, gateways, MessageTexts(), lambda: later).run_until_idle()
    return unknown


@contextlib.asynccontextmanager
async def _kannel() -> AsyncIterator[tuple[Gateway, Callable[[], list[str]]]]:
    async with running_gateway() as gateway:
        yield gateway, lambda: [request["to"] for request in gateway.requests]


@contextlib.asynccontextmanager
async def _smsc() -> AsyncIterator[tuple[SmscAccount, Callable[[], list[str]]]]:
    async with running_account() as account:
        yield account, lambda: [fields["phones"] for script, fields in account.asked if script == "send.php"]


@contextlib.asynccontextmanager
async def _smpp() -> AsyncIterator[tuple[SmppGateway, Callable[[], list[str]]]]:
    async with running_smpp() as gateway:
        yield gateway, lambda: [f"+{submitted.destination[2]}" for submitted in gateway.submitted]


# The rows change in the same way whatever the channel: one of them on both databases.
@pytest.mark.parametrize(
    ("database", "running"),
    [("sqlite", _kannel), ("postgres", _kannel), ("sqlite", _smsc), ("sqlite", _smpp)],
    indirect=["database"],
)
async def test_killed_at_twenty_moments_an_sms_is_neither_lost_nor_sent_twice(
    engine: Engine, database: str, portal: Portal, tmp_path: Path, running: Any
) -> None:
    def phone(number: int) -> str:
        return f"+7912345{number:04}"

    async def post(number: int) -> None:
        # By turns one that may be repeated by another gateway, and one that may not.
        code, password = str(100_000 + number), CardPassword(password=f"k7m4pq{number}", good_for=259200)
        message = RegistrationCode(code=code, good_for=600) if number % 2 else password
        await outbox.post(scope_of(portal, datetime.now(UTC)), message, phone(number))

    async with running() as (gateway, sent):
        portal = make_portal(portal.settings.model_copy(update={"sms": (gateway.dsn(),)}))
        killed = Killed(database, tmp_path, KABINET_SMS=gateway.dsn())
        gateway.moment = killed.moment
        unknown = await _killed_at_every_moment(portal, killed, post)
        arrived = Counter(sent())
    assert set(arrived.values()) == {1}
    states = await _states()
    assert {row for row, state in states.items() if state == "unknown"} == unknown
    assert {state for row, state in states.items() if row not in unknown} == {"accepted"}
    assert sum(arrived.values()) >= len(states) - len(unknown)


async def test_killed_at_twenty_moments_an_email_is_neither_lost_nor_sent_twice(
    engine: Engine, database: str, portal: Portal, tmp_path: Path
) -> None:
    async def post(number: int) -> None:
        message = ConnectionRequestReceived(number=number, first_name="Иван", answer_days=3)
        await outbox.post(scope_of(portal, datetime.now(UTC)), message, f"a{number}@example.com")

    with running_mailbox() as mailbox:
        mail = {
            "mail": f"smtp://127.0.0.1:{mailbox.port}?tls=none",
            "mail_from": "k@example.org",
            "staff_email": "s@example.org",
        }
        portal = make_portal(portal.settings.model_copy(update=mail))
        settings = {f"KABINET_{name.upper()}": value for name, value in mail.items()}
        killed = Killed(database, tmp_path, **settings)
        mailbox.moment = killed.moment
        unknown = await _killed_at_every_moment(portal, killed, post)
        arrived = Counter(mailbox.recipients)
    assert set(arrived.values()) == {1}
    states = await _states()
    assert {row for row, state in states.items() if state == "unknown"} == unknown
    assert {state for row, state in states.items() if row not in unknown} == {"sent"}
