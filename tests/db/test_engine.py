"""What the rest relies on in the two engines; Piccolo's hooks are private, so this is where an upgrade shows."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from typing import Any, cast

import pytest
from piccolo.engine.exceptions import TransactionError

from db.engine import Engine, run, transaction
from db.sqlite import SQLite
from db.tables import Account


async def _numbers() -> list[str]:
    return sorted(row["number"] for row in await Account.select(Account.number))


async def _add(number: str) -> None:
    await Account.insert(Account(number=number, address="ул. Юрша, 56"))


async def test_an_error_rolls_everything_back(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await _add("1")
            raise ZeroDivisionError
    assert await _numbers() == []


async def test_what_is_not_committed_is_seen_inside_only(engine: Engine) -> None:
    seen = asyncio.Event()
    go_on = asyncio.Event()

    async def write() -> None:
        async with transaction():
            await _add("1")
            assert await _numbers() == ["1"]
            seen.set()
            await go_on.wait()

    writing = asyncio.create_task(write())
    await seen.wait()
    assert await _numbers() == []
    go_on.set()
    await writing
    assert await _numbers() == ["1"]


async def test_a_nested_transaction_joins_the_outer_one(engine: Engine) -> None:
    async with transaction():
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                await _add("inner")
                raise ZeroDivisionError
        await _add("outer")
    # Caught outside the inner block: nothing of it is undone, as docs/architecture.md warns.
    assert await _numbers() == ["inner", "outer"]


async def test_cancellation_rolls_back_and_frees_the_connection(engine: Engine) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with transaction():
            await _add("1")
            inside.set()
            await asyncio.sleep(60)

    for _ in range(12):  # more often than any pool is wide
        inside.clear()
        task = asyncio.create_task(write())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await _numbers() == []
    await asyncio.wait_for(_add("2"), 10)
    assert await _numbers() == ["2"]


async def test_cancellation_at_any_moment_leaves_no_half_transaction(engine: Engine) -> None:
    async def write(number: int) -> None:
        async with transaction():
            await _add(f"{number}a")
            await _add(f"{number}b")

    for number in range(60):
        task = asyncio.create_task(write(number))
        await asyncio.sleep(number * 0.00005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    numbers = await _numbers()
    assert {n[:-1] for n in numbers if n.endswith("a")} == {n[:-1] for n in numbers if n.endswith("b")}
    await asyncio.wait_for(_add("last"), 10)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        *itertools.product(["take", "begin", "commit", "release"], ["cancelled before", "cancelled after"]),
        *itertools.product(["begin", "commit", "release"], ["fails"]),
    ],
)
async def test_the_connection_is_given_back_whatever_happens(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, moment: str, ends: str
) -> None:
    kind = type(engine.transaction())
    step = getattr(kind, moment)

    async def disturbed(self: Any) -> None:
        if ends == "cancelled before":
            self.owner.cancel()
        await step(self)
        if ends == "cancelled after":
            self.owner.cancel()
        elif ends == "fails":
            raise ZeroDivisionError

    async def write(number: int) -> None:
        async with transaction():
            await _add(f"{number}a")
            await _add(f"{number}b")

    with monkeypatch.context() as patched:
        patched.setattr(kind, moment, disturbed)
        for number in range(12):  # more often than any pool is wide
            await asyncio.wait_for(asyncio.gather(asyncio.create_task(write(number)), return_exceptions=True), 20)
    numbers = await _numbers()
    assert {n[:-1] for n in numbers if n.endswith("a")} == {n[:-1] for n in numbers if n.endswith("b")}
    await asyncio.wait_for(asyncio.gather(*(asyncio.create_task(_add(f"last {n}")) for n in range(12))), 20)
    async with transaction():
        await _add("the very last")
    assert "the very last" in await _numbers()


async def test_200_writers_at_once_lose_nothing(engine: Engine) -> None:
    await run("INSERT INTO accounts (number, address) VALUES ({}, {})", "counter", "0")

    async def increment() -> None:
        async with transaction():
            row = (await run(f"SELECT address FROM accounts WHERE number = {{}}{_lock(engine)}", "counter"))[0]
            await run("UPDATE accounts SET address = {} WHERE number = {}", str(int(row["address"]) + 1), "counter")

    await asyncio.gather(*(increment() for _ in range(200)))
    assert (await Account.select(Account.address).first()) == {"address": "200"}


def _lock(engine: Engine) -> str:
    return " FOR UPDATE" if engine.engine_type == "postgres" else ""


async def test_a_task_made_inside_a_transaction_does_not_write_into_it(engine: Engine) -> None:
    async def intrude() -> None:
        await _add("intruder")

    async with transaction():
        with pytest.raises(TransactionError):
            await asyncio.create_task(intrude())
        await _add("1")
    assert await _numbers() == ["1"]


async def test_a_task_that_outlives_its_transaction_begins_its_own(engine: Engine) -> None:
    ended = asyncio.Event()

    async def later() -> None:
        await ended.wait()
        async with transaction():
            await _add("later")

    async with transaction():
        task = asyncio.create_task(later())
        await _add("1")
    ended.set()
    await task
    assert await _numbers() == ["1", "later"]


async def test_atomic_runs_its_queries_as_one(engine: Engine) -> None:
    atomic = engine.atomic()
    atomic.add(Account.insert(Account(number="1", address="")), Account.insert(Account(number="1", address="")))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await atomic.run()
    assert await _numbers() == []


async def test_a_commit_survives_a_power_cut_by_its_settings(engine: Engine) -> None:
    if isinstance(engine, SQLite):
        assert engine.writer.execute("PRAGMA synchronous").fetchall() == [(2,)]
        assert engine.writer.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    else:
        assert (await run("SHOW synchronous_commit"))[0] == {"synchronous_commit": "on"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_checkpoint_that_is_called_off_leaves_no_thread_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection would answer to an event loop that has ended meanwhile."""
    assert isinstance(engine, SQLite)
    connect, opened = sqlite3.connect, asyncio.Event()
    loop = asyncio.get_running_loop()

    def connect_slowly(*arguments: Any, **options: Any) -> sqlite3.Connection:
        time.sleep(0.2)  # as a disk that is busy
        loop.call_soon_threadsafe(opened.set)
        return cast(sqlite3.Connection, connect(*arguments, **options))

    monkeypatch.setattr(sqlite3, "connect", connect_slowly)
    task = asyncio.create_task(engine.truncate_log())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert opened.is_set()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_statement_that_fails_on_a_value_leaves_nothing_open(engine: Engine) -> None:
    """An exception that is kept keeps its cursor: the next readers would see old rows, the next COMMIT be refused."""
    assert isinstance(engine, SQLite)
    await run("CREATE TABLE moments (id INTEGER, at TIMESTAMPTZ)")
    await run("INSERT INTO moments VALUES (1, 'no time'), (2, 'no time')")
    kept = []
    for statement in ("SELECT at FROM moments", "UPDATE moments SET id = id + 1 RETURNING at"):
        with pytest.raises(ValueError, match="no time") as failed:
            await run(statement)
        kept.append(failed.value)
        async with transaction():
            await run("INSERT INTO moments VALUES (3, NULL)")
        (seen,) = await run("SELECT count(*) AS n FROM moments")
        assert seen["n"] == 2 + len(kept)
