"""A backlog of a hundred thousand neither slows claiming down nor holds a code up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import outbox as rows
from db.engine import Engine, run, transaction
from domain.delivery import outbox
from domain.delivery.messages import PRIORITIES, RegistrationCode
from domain.delivery.worker import Worker
from domain.portal import Portal
from tests.conftest import scope_of
from tests.domain.delivery.passes import gateways_of
from tests.domain.delivery.test_worker import PHONE, Way, render

BACKLOG = 100_000


async def fill(portal: Portal, now: datetime) -> None:
    """Notices by SMS and e-mails that have waited for an hour, one after the other."""
    sealed = portal.sealing.seal({"to": PHONE, "values": {}, "language": "ru"})
    names = (
        "kind, message, sealed, state, priority, attempts, created_at, next_at, expires_at,"
        " gateway, past, reason, last_choice, gateway_id_hash"
    )
    one = "{}, 'phone-changed', {}, 'waiting', {}, 0, {}, {}, {}, '', '', '', '', ''"
    past, later = now - timedelta(hours=1), now + timedelta(hours=1)
    for kind, priority in (("sms", "usual"), ("email", "usual"), ("email", "mass")):
        values = (kind, sealed, PRIORITIES.index(priority), past, past, later)
        await run(
            f"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {BACKLOG // 3 + 1})"
            f" INSERT INTO outbox ({names}) SELECT {one} FROM n",
            *values,
        )
    await run("ANALYZE")


def _steps(plan: dict[str, Any]) -> list[str]:
    here = f"{plan['Node Type']} {plan.get('Relation Name', '')} {plan.get('Index Name', '')}".strip()
    return [here, *(step for below in plan.get("Plans", []) for step in _steps(below))]


async def plans(engine: Engine, monkeypatch: pytest.MonkeyPatch, now: datetime) -> list[str]:
    """The steps of every statement by which a worker looks for messages and takes them."""
    found: list[str] = []
    run_statement = type(engine).run_statement

    async def explain(self: Any, sql: str, arguments: Sequence[Any]) -> Any:
        postgres = self.engine_type == "postgres"
        given = await run_statement(self, f"EXPLAIN {'(FORMAT JSON)' if postgres else 'QUERY PLAN'} {sql}", arguments)
        said: list[str] = []
        if postgres:
            said.extend(_steps(json.loads(next(iter(given[0].values())))[0]["Plan"]))
        else:
            said.extend(str(row["detail"]) for row in given)
        found.extend(f"{step}: {sql}" for step in said)
        return await run_statement(self, sql, arguments)

    async with transaction():
        monkeypatch.setattr(type(engine), "run_statement", explain)
        assert await rows.due(["sms", "email"], range(len(PRIORITIES)), now)
        for kind in ("sms", "email"):
            assert len(await rows.claim(kind, PRIORITIES.index("usual"), now, 8)) == 8
        monkeypatch.undo()
    return found


async def test_what_is_due_is_read_from_the_index_in_its_order(
    engine: Engine, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a claim reads as many rows as it takes, however many wait behind them."""
    now = datetime.now(UTC)
    await fill(portal, now)
    steps = await plans(engine, monkeypatch, now)
    assert len(steps) > 6
    whole = ("SCAN outbox", "Seq Scan", "TEMP B-TREE", "Sort")
    assert [step for step in steps if any(part in step.partition(":")[0] for part in whole)] == []
    assert any("outbox_waiting" in step for step in steps), steps


async def test_a_code_overtakes_all_of_it(engine: Engine, portal: Portal) -> None:
    await fill(portal, datetime.now(UTC))
    way, mail = Way(window=1), Way(window=1)
    now = datetime.now(UTC)
    await outbox.post(scope_of(portal, now), RegistrationCode("483920", 600), PHONE)
    worker = Worker(portal, gateways_of({"sms": [way], "email": [mail]}), render, lambda: datetime.now(UTC))
    running = asyncio.create_task(worker.run())
    await way.arrived(1)
    worker.stop()
    await running
    assert way.sent[0] == "registration-code 483920"
