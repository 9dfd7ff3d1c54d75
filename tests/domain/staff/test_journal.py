"""The journal of the staff: added to by many at once without a gap, changed by nobody, and a change is found."""

from __future__ import annotations

import asyncio
import sqlite3

import asyncpg
import pytest

from db import customers, journal
from db.engine import Engine, bound, run, transaction
from domain.portal import Portal
from domain.staff import journal as staff_journal
from domain.staff.journal import Verified
from tests.conftest import scope_of
from tests.db.test_rows import PERSON

AT_ONCE = 24


async def _note(portal: Portal, number: int) -> None:
    async with transaction():
        await staff_journal.note(
            scope_of(portal), "request-taken", number, subject=f"request {number}", reason="почему"
        )


async def _tamper(sql: str) -> None:
    """As somebody does who owns the database."""
    if bound().engine_type == "sqlite":
        await run("DROP TRIGGER IF EXISTS staff_journal_kept_update")
        await run("DROP TRIGGER IF EXISTS staff_journal_kept_delete")
    else:
        await run("DROP TRIGGER IF EXISTS staff_journal_kept ON staff_journal")
    await run(sql)


async def test_many_at_once_make_one_chain(engine: Engine, portal: Portal) -> None:
    await asyncio.gather(*(_note(portal, n) for n in range(AT_ONCE)))
    found = await staff_journal.verify(scope_of(portal))
    assert (found.entries, found.wrong) == (AT_ONCE, None)
    assert "почему" not in str(await run("SELECT * FROM staff_journal"))


async def test_what_is_rolled_back_leaves_no_gap(engine: Engine, portal: Portal) -> None:
    await _note(portal, 1)
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await staff_journal.note(scope_of(portal), "request-taken", 2)
            raise ZeroDivisionError
    await _note(portal, 3)
    assert (await staff_journal.verify(scope_of(portal))).entries == 2


async def test_the_database_refuses_to_change_an_entry(engine: Engine, portal: Portal) -> None:
    await _note(portal, 1)
    statements = ["UPDATE staff_journal SET staff = 2", "DELETE FROM staff_journal"]
    statements += ["TRUNCATE staff_journal"] if bound().engine_type == "postgres" else []
    for statement in statements:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match="append-only"):
            await run(statement)


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("UPDATE staff_journal SET staff = 9 WHERE number = 3", 3),
        ("UPDATE staff_journal SET customer = 9 WHERE number = 3", 3),
        ("UPDATE staff_journal SET reason_sealed = '' WHERE number = 2", 2),
        ("UPDATE staff_journal SET ip = '192.0.2.1' WHERE number = 5", 5),
        ("DELETE FROM staff_journal WHERE number = 4", 4),
        ("DELETE FROM staff_journal WHERE number = 5", 5),
        ("DELETE FROM staff_journal", 1),
        ("DELETE FROM staff_journal_end", 6),
        ("INSERT INTO staff_journal SELECT 6, at, staff, customer, event, subject, reason_sealed, ip, hash, hash"
         " FROM staff_journal WHERE number = 5", 6),
    ],
)  # fmt: skip
async def test_whatever_is_changed_is_found(engine: Engine, portal: Portal, sql: str, wrong: int) -> None:
    for n in range(1, 6):
        await _note(portal, n)
    await _tamper(sql)
    assert (await staff_journal.verify(scope_of(portal))).wrong == wrong


async def test_an_end_that_was_cut_off_with_its_row_is_found_by_what_was_noted_before(
    engine: Engine, portal: Portal
) -> None:
    for n in range(1, 6):
        await _note(portal, n)
    noted = await staff_journal.verify(scope_of(portal))
    assert await staff_journal.verify(scope_of(portal), holds=(noted.entries, noted.hash)) == noted
    await _tamper("DELETE FROM staff_journal WHERE number > 3")
    await run("UPDATE staff_journal_end SET number = 3, hash = (SELECT hash FROM staff_journal WHERE number = 3)")
    assert (await staff_journal.verify(scope_of(portal))).wrong is None
    assert (await staff_journal.verify(scope_of(portal), holds=(5, noted.hash))).wrong == 5
    await _note(portal, 4)
    await _note(portal, 5)
    assert (await staff_journal.verify(scope_of(portal), holds=(5, noted.hash))).wrong == 5


async def test_an_empty_journal_is_whole(engine: Engine, portal: Portal) -> None:
    assert await staff_journal.verify(scope_of(portal)) == Verified(0, "")


async def test_a_look_is_told_to_the_customer_without_who_and_from_where(engine: Engine, portal: Portal) -> None:
    customer = await customers.add(PERSON)
    assert customer is not None
    async with transaction():
        await staff_journal.note_look(scope_of(portal), "customer-opened", 7, customer, reason="звонок")
    (seen,) = await journal.of_customer(customer, 5)
    assert (seen["event"], seen["ip"], seen["user_agent"]) == ("opened-by-staff", "", "")
    await run("DELETE FROM customers")
    assert (await staff_journal.verify(scope_of(portal))).wrong is None, "a deletion changes no entry"
