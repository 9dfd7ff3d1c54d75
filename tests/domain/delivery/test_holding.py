"""A gateway that an operator holds: nothing goes by it, in no process, until it is released."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from db import gateways as states
from db.engine import Engine, run
from domain.delivery.channels.channel import Rendered
from domain.delivery.gateways import open_gateways
from domain.delivery.watch import Watch
from domain.delivery.worker import Worker
from domain.portal import Portal
from tests.domain.delivery.test_watch import TWO, opened, post


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    return Rendered(name, name, name)


@pytest.mark.parametrize("changed", [TWO])
async def test_a_gateway_that_is_held_gets_nothing_until_it_is_released(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    gateways = opened()
    one, worker = Watch(portal, gateways), Worker(portal, gateways, render, lambda: now)

    async def taken_by() -> str:
        await post(portal, now)
        await one.look()
        await worker.run_until_idle()
        return str((await run("SELECT gateway FROM outbox ORDER BY id DESC LIMIT 1"))[0]["gateway"])

    assert await taken_by() == "first"
    await states.hold("first", now)
    assert await taken_by() == "second"
    # A process that starts knows before it sends anything.
    async with open_gateways(portal) as own:
        assert [gateway.is_held for gateway in own["sms"]] == [True, False]
    await states.hold("second", now)
    assert await taken_by() == ""
    await states.release("first")
    assert await taken_by() == "first"
    # What waited went with it.
    assert not await run("SELECT id FROM outbox WHERE state = 'waiting'")
