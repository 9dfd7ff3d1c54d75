"""kill -9 of a real worker process while it sends, and before it begins."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db import outbox as rows
from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.gateways import open_gateways
from domain.delivery.messages import RegistrationCode
from domain.delivery.worker import Worker
from domain.portal import Portal, make_portal
from routes.message_texts import MessageTexts
from tests.conftest import SECRET, scope_of
from tests.domain.delivery.channels.gateway import Gateway, running_gateway

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
        async with open_gateways(sms.settings) as gateways:
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
            "Код 483920 для регистрации в личном кабинете. Никому его не сообщайте."
        ]
        assert (await _row())["state"] == "sent"
        for text in (*began, said):
            assert b"483920" not in text
            assert b"9123456789" not in text
