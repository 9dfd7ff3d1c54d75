"""The journal ends: older entries go in portions, and nothing else of a customer with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from db import journal
from db.engine import Engine, run
from domain import housekeeping
from domain.portal import Portal


async def _entries(days_ago: list[int], now: datetime) -> None:
    for days in days_ago:
        await journal.add(now - timedelta(days=days), f"{days}", None, "", "")


async def _left() -> list[str]:
    return [row["event"] for row in await run("SELECT event FROM journal ORDER BY id")]


async def test_entries_end_after_three_years(engine: Engine, portal: Portal, now: datetime) -> None:
    await _entries([1096, 1094, 3, 4000], now)
    await housekeeping.sweep(portal, now)
    assert await _left() == ["1094", "3"]


@pytest.mark.parametrize("changed", [{"journal_days": 2}])
async def test_the_end_is_a_setting(engine: Engine, portal: Portal, now: datetime) -> None:
    await _entries([3, 1], now)
    await housekeeping.sweep(portal, now)
    assert await _left() == ["1"]


async def test_they_go_in_portions(engine: Engine, portal: Portal, now: datetime) -> None:
    await _entries([2000] * 25 + [1], now)
    assert await journal.forget(now - timedelta(days=1095), 10)
    assert len(await _left()) == 16
    await housekeeping.sweep(portal, now)
    assert await _left() == ["1"]
    assert not await journal.forget(now - timedelta(days=1095), 10)
