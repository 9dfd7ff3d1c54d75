"""Counters as rows: what is let through, when again, and never one more than allowed at once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from db import throttles as rows
from db.engine import Engine, run
from domain import throttles
from domain.portal import Portal
from domain.throttles import HOUR, Limit, network_of


async def let_through(portal: Portal, limits: list[Limit], now: datetime) -> bool:
    return await throttles.claim(portal, limits, now) is None


async def test_so_many_in_a_window_that_begins_with_the_first(engine: Engine, portal: Portal, now: datetime) -> None:
    limit = [Limit("x", "subject", 3, HOUR)]
    assert [await let_through(portal, limit, now + timedelta(minutes=n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert await throttles.claim(portal, limit, now) == now + timedelta(hours=1)
    assert await let_through(portal, limit, now + timedelta(hours=1))
    assert await let_through(portal, [Limit("x", "another", 3, HOUR)], now)
    assert await let_through(portal, [Limit("y", "subject", 3, HOUR)], now)


async def test_the_last_one_allowed_locks_from_then_on(engine: Engine, portal: Portal, now: datetime) -> None:
    limit = [Limit("x", "subject", 2, HOUR, lock=900)]
    assert await let_through(portal, limit, now)
    last = now + timedelta(minutes=50)
    assert await let_through(portal, limit, last)
    assert await throttles.claim(portal, limit, last) == last + timedelta(minutes=15)
    assert await let_through(portal, limit, last + timedelta(minutes=15))


async def test_all_limits_or_none(engine: Engine, portal: Portal, now: datetime) -> None:
    wide, narrow = Limit("wide", "s", 10, HOUR), Limit("narrow", "s", 1, HOUR)
    assert await let_through(portal, [wide, narrow], now)
    assert not await let_through(portal, [wide, narrow], now)
    hits = {row["key"].partition(":")[0]: row["hits"] for row in await run("SELECT key, hits FROM throttles")}
    assert hits == {"wide": 1, "narrow": 1}


async def test_given_back_and_forgotten(engine: Engine, portal: Portal, now: datetime) -> None:
    limit = Limit("x", "s", 1, HOUR)
    for undo in (throttles.give_back(portal, [limit]), throttles.forget(portal, limit)):
        assert await let_through(portal, [limit], now)
        assert not await let_through(portal, [limit], now)
        await undo
    assert await let_through(portal, [limit], now)


@pytest.mark.parametrize("lock", [None, 900])
async def test_at_once_never_one_too_many(engine: Engine, portal: Portal, now: datetime, lock: int | None) -> None:
    limits = [Limit("x", "s", 7, HOUR, lock=lock), Limit("y", "s", 9, HOUR)]
    claims = await asyncio.gather(*(let_through(portal, limits, now) for _ in range(100)))
    assert sum(claims) == 7


async def test_rows_name_no_subject_and_go_when_they_are_over(engine: Engine, portal: Portal, now: datetime) -> None:
    await let_through(portal, [Limit("x", "+79123456789", 1, HOUR)], now)
    assert "9123456789" not in str(await run("SELECT * FROM throttles"))
    await rows.sweep(now + timedelta(hours=24))
    assert len(await run("SELECT key FROM throttles")) == 1
    await rows.sweep(now + timedelta(hours=25))
    assert await run("SELECT key FROM throttles") == []


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_what_one_subscriber_holds(ip: str, network: str) -> None:
    assert network_of(ip) == network
