"""The first release's database is brought to the present schema while both releases are at work on it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from piccolo.columns import Column, Timestamptz

from db.engine import Engine, make_engine, opened, places, run
from db.migrate import applied_migrations, known_migrations, migrating, run_migrations
from db.tables import TABLES
from domain import passwords
from domain.sealing import Sealing
from tests.browser import PASSWORD, PHONE, location, months_before
from tests.conftest import SECRET
from tests.databases import empty_postgres
from tests.db.filled import value_of
from tests.faults.portal_process import PortalProcess

# The last migration of the first release.
FIRST_RELEASE = "2026-11-21T12:00:00:000002"
# A customer of it, far from the numbers of the rows that are written beside.
_CUSTOMER = 50
_SOON = timedelta(days=1)
_SEALED = Sealing(SECRET).seal("+79120000000")

Shape = dict[str, list[Column]]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/kabinet.sqlite"
    return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri")))


@pytest.fixture
async def first_release(empty: str) -> AsyncIterator[Engine]:
    """A database as the first release has made it."""
    async with opened(make_engine(empty)) as engine:
        async with migrating(engine):
            await run_migrations(FIRST_RELEASE)
        yield engine


async def _names(engine: Engine) -> set[tuple[str, str]]:
    """Every table's columns."""
    sql = "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
    if engine.engine_type == "sqlite":
        sql = "SELECT t.name AS t, c.name AS c FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
    return {(row["t"], row["c"]) for row in await run(sql)}


def _shape(names: set[tuple[str, str]]) -> Shape:
    """What the first release writes, in an order in which rows can be put."""
    found = {
        table._meta.tablename: [c for c in table._meta.columns if (table._meta.tablename, c._meta.name) in names]
        for table in TABLES
    }
    return {table: columns for table, columns in found.items() if columns}


class FormerRelease:
    """A process of the first release: what it writes names the columns that it knows and no other."""

    def __init__(self, shape: Shape) -> None:
        # Downwards, as the new release numbers its rows upwards from the largest.
        self._shape, self._numbers = shape, itertools.count(999, -1)
        self.written: dict[str, dict[int, dict[str, Any]]] = {table: {} for table in shape}

    async def write(self) -> None:
        """A row into every table, each by itself, read back at once."""
        number, until = next(self._numbers), datetime.now(UTC) + _SOON
        for table, columns in self._shape.items():
            # Nothing that is swept for its age.
            row = {
                column._meta.name: until if isinstance(column, Timestamptz) else value_of(column, number)
                for column in columns
            }
            # A foreign key then; and the portal asks of what is sealed whose secret it was.
            row |= {name: number for name in row if name == "account"}
            row |= {name: _SEALED for name in row if name.endswith("sealed")}
            await _insert(table, row)
            self.written[table][number] = row
        await self.read(number)

    async def read(self, number: int) -> None:
        for table, columns in self._shape.items():
            key, names = _key(columns), ", ".join(f'"{column._meta.name}"' for column in columns)
            row = self.written[table][number]
            found = await run(f"SELECT {names} FROM {table} WHERE {key} = {{}}", row[key])
            assert [dict(one) for one in found] == [row], table

    async def read_all(self) -> None:
        for number in next(iter(self.written.values())):
            await self.read(number)


def _key(columns: Sequence[Column]) -> str:
    return next(column._meta.name for column in columns if column._meta.primary_key)


async def _insert(table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    await run(f"INSERT INTO {table} ({names}) VALUES ({places(row)})", *row.values())


async def _register_somebody(shape: Shape) -> None:
    """A customer with an account and last month's bill, by the columns of the first release."""
    sealing, now = Sealing(SECRET), datetime.now(UTC)
    phone, email = "+79123456789", "ivanova@example.org"
    known: dict[str, dict[str, Any]] = {
        "accounts": {"number": "7000000111", "address": "г. Светлоречинск, ул. Липовая, д. 3, кв. 1"},
        "bills": {"account": _CUSTOMER, "period": months_before(now, 1), "amount_kopecks": 123456},
        "customers": {
            "phone_hash": sealing.keyed_hash("phone", phone), "phone_sealed": sealing.seal(phone),
            "last_name": "Иванова", "first_name": "Анна", "patronymic": "Петровна", "registered_at": now,
            "login": "kk10000", "login_hash": sealing.keyed_hash("login", "kk10000"),
            "email_hash": sealing.keyed_hash("email", email), "email_sealed": sealing.seal(email),
            "password_hash": passwords._ARGON.hash(PASSWORD),
        },
        "customer_accounts": {"customer": _CUSTOMER, "account": _CUSTOMER, "attached_at": now},
    }  # fmt: skip
    for table in TABLES:
        name = table._meta.tablename
        if name in known:
            defaults = table(_ignore_missing=True)
            row = {column._meta.name: getattr(defaults, column._meta.name) for column in shape[name]}
            await _insert(name, row | {"id": _CUSTOMER} | known[name])


async def _asked(portal: PortalProcess) -> int:
    async with httpx.AsyncClient(base_url=portal.base, timeout=30) as http:
        return (await http.get("/sign-in/phone")).status_code


async def test_both_releases_serve_while_the_schema_changes(empty: str, first_release: Engine, tmp_path: Path) -> None:
    names = await _names(first_release)
    shape = _shape(names)
    assert len(shape) > 10
    await _register_somebody(shape)
    former, stop = FormerRelease(shape), asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            await former.write()
            await asyncio.sleep(0.05)

    await former.write()
    at_work = asyncio.create_task(work())
    portal = PortalProcess(empty, tmp_path)
    try:
        # They come before the new release is there: the socket keeps them.
        early = [asyncio.create_task(_asked(portal)) for _ in range(8)]
        await portal.start()
        answers = await asyncio.gather(*early, *(_asked(portal) for _ in range(8)))
        assert set(answers) == {200}, portal.log.read_text()
        assert await applied_migrations() == known_migrations()
        browser = portal.browser()
        assert location(await browser.sign_in(PASSWORD, PHONE)) == "/profile"
        profile = (await browser.http.get("/profile")).text
        assert "7000000111" in profile
        assert "1 234,56" in profile.replace("\u00a0", " ").replace("\u202f", " ")
        await browser.http.aclose()
        stop.set()
        await at_work  # raises what a statement of the former release was refused with
        await former.write()
        await former.read_all()
    finally:
        at_work.cancel()
        await portal.stop()
    assert names - await _names(first_release) == set(), "a release before this one reads and writes these"
