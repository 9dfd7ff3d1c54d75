"""What the bulk load promises the rest of the portal."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

from db.engine import Engine, run
from db.importer import importing
from db.plans import PLANS

ROWS = [(line, f"N{line}", "ул. Тихая", "", "") for line in range(2, 10_002)]


async def test_nothing_is_locked_before_the_merge(engine: Engine) -> None:
    await run("INSERT INTO accounts (number, address) VALUES ('1', 'before')")
    async with importing(engine, "accounts") as begun:
        await begun.load(ROWS)
        await begun.protect([("x",)])
        await begun.take_out_conflicts(20)
        await asyncio.wait_for(run("UPDATE accounts SET address = 'meanwhile'"), 5)
        async with importing(engine, "accounts") as another:
            await another.load(ROWS)
            await asyncio.wait_for(another.begin_exclusive(), 5)


async def test_what_is_not_kept_is_undone_and_the_next_may_begin(engine: Engine, now: datetime) -> None:
    for _ in range(2):
        async with importing(engine, "accounts") as begun:
            await begun.load(ROWS)
            await begun.take_out_conflicts(20)
            await begun.begin_exclusive()
            counts = await begun.compare(replace=False)
            assert counts["added"] == len(ROWS)
        assert await run("SELECT id FROM accounts") == []


async def test_an_import_waits_for_the_one_before_it(engine: Engine, now: datetime) -> None:
    async with importing(engine, "accounts") as first, importing(engine, "accounts") as second:
        for begun in (first, second):
            await begun.load(ROWS)
            await begun.take_out_conflicts(20)
        await first.begin_exclusive()
        await first.compare(replace=False)
        waiting = asyncio.ensure_future(second.begin_exclusive())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await first.apply(now)
        await asyncio.wait_for(waiting, 10)
        assert (await second.compare(replace=False))["unchanged"] == len(ROWS)


async def test_a_file_full_of_repeats_takes_no_longer_than_its_size(engine: Engine) -> None:
    """Each key twice, one in two with another value: without its index this takes minutes."""
    twice = [(line + 20_000, number, "" if line % 2 else address, "", "") for line, number, address, *_ in ROWS]
    async with importing(engine, "accounts") as begun:
        await begun.load(ROWS + twice)
        count, first = await asyncio.wait_for(begun.take_out_conflicts(3), 10)
        assert (count, first) == (5_000, [(20_003, 3), (20_005, 5), (20_007, 7)])
        assert await begun.staged() == len(ROWS)


async def test_customers_accounts_follow_the_row_that_counts(engine: Engine, now: datetime) -> None:
    await run("INSERT INTO accounts (number, address) VALUES ('1', ''), ('2', '')")
    person = ("hash", "sealed", "Ким", "Вера", "", None, "", "")
    async with importing(engine, "customers") as begun:
        await begun.load([(2, *person, "1"), (3, *person, "2"), (4, "other", *person[1:], "1|9")])
        assert await begun.take_out_conflicts(20) == (1, [(3, 2)])
        await begun.begin_exclusive()
        assert await begun.take_out_unknown(20) == (1, [4])
        await begun.compare(replace=True)
        await begun.apply(now)
    attached = await run("SELECT number FROM customer_accounts JOIN accounts ON accounts.id = account")
    assert [row["number"] for row in attached] == ["1"]


async def test_who_registers_during_an_import_is_kept_and_gets_the_accounts(engine: Engine, now: datetime) -> None:
    """Between the comparison and the insert someone registers by a phone of the file, and attaches an account of it."""
    await run("INSERT INTO accounts (id, number, address) VALUES (1, '1', ''), (2, '2', '')")
    person = ("sealed", "Ким", "Вера", "", None, "", "")
    async with importing(engine, "customers") as begun:
        await begun.load([(2, "first", *person, "1"), (3, "second", *person, "1|2"), (4, "third", *person, "2")])
        await begun.take_out_conflicts(20)
        await begun.begin_exclusive()
        assert (await begun.compare(replace=False))["added"] == 3
        await run(
            "INSERT INTO customers (id, phone_hash, phone_sealed, last_name, first_name, patronymic, email_hash,"
            " email_sealed, login, registered_at, imported, credentials)"
            " VALUES (77, 'second', '', 'Ли', '', '', '', '', '', {}, false, 0)",
            now,
        )
        await run("INSERT INTO customer_accounts (customer, account, attached_at) VALUES (77, 1, {})", now)
        await begun.apply(now)
    names = await run("SELECT phone_hash, last_name FROM customers ORDER BY phone_hash")
    assert [tuple(row.values()) for row in names] == [("first", "Ким"), ("second", "Ли"), ("third", "Ким")]
    attached = await run(
        "SELECT phone_hash, account FROM customer_accounts ca JOIN customers c ON c.id = ca.customer"
        " ORDER BY phone_hash, account"
    )
    assert [tuple(row.values()) for row in attached] == [("first", 1), ("second", 1), ("second", 2), ("third", 2)]


def test_what_inserts_do_about_a_row_that_is_there_stands_at_their_end() -> None:
    """PostgreSQL is given them without it first."""
    for plan in PLANS.values():
        for step in (*plan.hidden, *plan.steps):
            for sql in step.statements:
                assert re.fullmatch(r"((?!ON CONFLICT).)*( ON CONFLICT \([a-z_, ]+\) DO NOTHING)?", sql)
