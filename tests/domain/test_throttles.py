"""Counters as rows: what is let through, when again, and never one more than allowed at once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from db import throttles as rows
from db.engine import Engine, run, transaction
from domain import throttles
from domain.portal import Portal
from domain.throttles import DAY, HOUR, Limit, network_of, per_network
from tests.conftest import scope_of


async def refused_until(
    portal: Portal, limits: list[Limit], now: datetime, watched: tuple[Limit, ...] = ()
) -> datetime | None:
    async with transaction():
        return await throttles.claim(scope_of(portal, now), limits, watched=watched)


async def let_through(portal: Portal, limits: list[Limit], now: datetime) -> bool:
    return await refused_until(portal, limits, now) is None


async def test_so_many_in_a_window_that_begins_with_the_first(engine: Engine, portal: Portal, now: datetime) -> None:
    limit = [Limit("x", "subject", 3, HOUR)]
    assert [await let_through(portal, limit, now + timedelta(minutes=n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert await refused_until(portal, limit, now) == now + timedelta(hours=1)
    assert await let_through(portal, limit, now + timedelta(hours=1))
    assert await let_through(portal, [Limit("x", "another", 3, HOUR)], now)
    assert await let_through(portal, [Limit("y", "subject", 3, HOUR)], now)


@pytest.mark.parametrize("waits", [(60,), (60, 120), (60, 120, 300), (60, 120, 300, 900, 1800)])
async def test_every_pause_of_the_list_counts_and_the_last_one_repeats(
    engine: Engine, portal: Portal, now: datetime, waits: tuple[int, ...]
) -> None:
    limit = [Limit("x", "s", 100, DAY, waits)]
    for pause in (*waits, waits[-1], waits[-1]):
        assert await let_through(portal, limit, now)
        assert await refused_until(portal, limit, now) == now + timedelta(seconds=pause)
        assert not await let_through(portal, limit, now + timedelta(seconds=pause - 1))
        now += timedelta(seconds=pause)


@pytest.mark.parametrize("most", [1, 2])
async def test_the_last_one_allowed_locks_from_then_on(
    engine: Engine, portal: Portal, now: datetime, most: int
) -> None:
    limit = [Limit("x", "s", most, HOUR, lock=900)]
    for _ in range(most):
        now += timedelta(minutes=10)
        assert await let_through(portal, limit, now)
    assert await refused_until(portal, limit, now) == now + timedelta(minutes=15)
    assert await let_through(portal, limit, now + timedelta(minutes=15))


async def test_all_limits_or_none(engine: Engine, portal: Portal, now: datetime) -> None:
    wide, narrow = Limit("wide", "s", 10, HOUR), Limit("narrow", "s", 1, HOUR)
    assert await let_through(portal, [wide, narrow], now)
    assert not await let_through(portal, [wide, narrow], now)
    hits = {row["key"].partition(":")[0]: row["hits"] for row in await run("SELECT key, hits FROM throttles")}
    assert hits == {"wide": 1, "narrow": 1}


async def test_what_is_watched_refuses_and_counts_nothing(engine: Engine, portal: Portal, now: datetime) -> None:
    watched, charged = Limit("watched", "s", 2, HOUR), [Limit("charged", "s", 10, HOUR)]
    for _ in range(2):
        assert await refused_until(portal, charged, now, (watched,)) is None
        assert await let_through(portal, [watched], now)
    assert await refused_until(portal, charged, now, (watched,)) == now + timedelta(hours=1)


async def test_given_back_and_emptied(engine: Engine, portal: Portal, now: datetime) -> None:
    limit = Limit("x", "s", 2, HOUR, (60,))
    for given_back, emptied in (([limit], []), ([], [limit])):
        assert await let_through(portal, [limit], now)
        assert not await let_through(portal, [limit], now)
        # With its pause: an attempt that was a good one holds nobody up.
        await throttles.give_back(scope_of(portal, now), given_back, emptied)
    for _ in range(2):
        assert await let_through(portal, [limit], now)
        now += timedelta(seconds=60)
    await throttles.give_back(scope_of(portal, now), [], [limit])
    assert await let_through(portal, [limit], now)


@pytest.mark.parametrize("lock", [None, 900])
async def test_at_once_never_one_too_many(engine: Engine, portal: Portal, now: datetime, lock: int | None) -> None:
    limits = [Limit("x", "s", 7, HOUR, lock=lock), Limit("y", "s", 9, HOUR)]
    claims = await asyncio.gather(*(let_through(portal, limits, now) for _ in range(100)))
    assert sum(claims) == 7


async def test_what_strangers_share_is_in_several_rows_and_its_sum_is_exact(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    budget = [Limit("budget", "", 1003, DAY, shared=True)]
    claims = [let_through(portal, [*budget, Limit("own", str(n), 1, DAY)], now) for n in range(1100)]
    granted = sum([ok for start in range(0, 1100, 50) for ok in await asyncio.gather(*claims[start : start + 50])])
    counted = [row["hits"] for row in await run("SELECT hits FROM throttles WHERE key LIKE 'budget:%'")]
    assert (granted, sum(counted), len(counted)) == (1003, 1003, 16)
    assert await refused_until(portal, budget, now) == now + timedelta(days=1)
    await throttles.give_back(scope_of(portal, now), budget)
    assert [await let_through(portal, budget, now) for _ in range(2)] == [True, False]


async def test_two_who_share_a_budget_do_not_wait_for_each_other(engine: Engine, portal: Portal, now: datetime) -> None:
    """As many as there are rows, in transactions that are open at the same time; SQLite has one writer in turn."""
    if engine.engine_type == "sqlite":
        return
    budget = Limit("budget", "", 1000, DAY, shared=True)
    inside, most = 0, 0

    async def claim(n: int) -> None:
        nonlocal inside, most
        async with transaction():
            assert await throttles.claim(scope_of(portal, now), [budget, Limit("own", str(n), 1, DAY)]) is None
            inside += 1
            most = max(most, inside)
            await run("SELECT pg_sleep(0.05)")
            inside -= 1

    await asyncio.gather(*(claim(n) for n in range(10)))
    assert most > 1


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


@pytest.mark.parametrize("changed", [{"network_24": throttles.UNLIMITED, "network_48": throttles.UNLIMITED}])
@pytest.mark.parametrize("ip", ["203.0.113.7", "2001:db8::1"])
async def test_a_limit_that_nobody_reaches_is_still_a_number_of_the_database(
    engine: Engine, portal: Portal, now: datetime, ip: str
) -> None:
    limits = per_network(scope_of(portal, now), "x", ip, throttles.UNLIMITED, HOUR)
    assert [await let_through(portal, limits, now) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize(
    ("ips", "allowed"),
    [
        (["203.0.113.7"] * 9, 2),
        ([f"203.0.113.{n}" for n in range(20)], 8),
        ([f"203.0.{n}.7" for n in range(20)], 20),
        ([f"::ffff:203.0.113.{n}" for n in range(20)], 8),
        ([f"2001:db8:0:1::{n}" for n in range(20)], 2),
        ([f"2001:db8:0:{n:x}::1" for n in range(20)], 4),
        ([f"2001:db8:0:{n:x}00::1" for n in range(40)], 16),
        ([f"2001:db8:{n:x}::1" for n in range(20)], 20),
    ],
)
async def test_a_network_is_counted_at_every_size(
    engine: Engine, portal: Portal, now: datetime, ips: list[str], allowed: int
) -> None:
    told = [await let_through(portal, per_network(scope_of(portal, now), "x", ip, 2, HOUR), now) for ip in ips]
    assert sum(told) == allowed


@pytest.mark.parametrize("changed", [{"network_24": 1, "network_56": 1, "network_48": 1}])
async def test_the_sizes_are_settings(engine: Engine, portal: Portal, now: datetime) -> None:
    for ips in ([f"203.0.113.{n}" for n in range(5)], [f"2001:db8:0:{n:x}00::1" for n in range(5)]):
        assert (
            sum([await let_through(portal, per_network(scope_of(portal, now), "x", ip, 2, HOUR), now) for ip in ips])
            == 2
        )
