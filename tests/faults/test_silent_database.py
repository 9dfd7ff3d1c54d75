"""A PostgreSQL that takes connections and says nothing: everything ends, in bounds, and goes on once it speaks."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.engine import make_engine, opened, run, transaction
from db.postgres import Postgres, PostgresLimits
from db.unavailable import DatabaseUnavailableError
from db.unhurried import unhurried
from settings import Settings
from tests.faults.portal_process import PortalProcess, running_portal
from tests.faults.silent_database import behind_proxy

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)
# Far above what the settings add up to (a statement and clearing up: 8 s), far below "for ever".
BOUND = 25
SHORT = PostgresLimits(pool=2, connect=1, acquire=1, statement=1, lock=1, idle=1)


async def _ready(portal: PortalProcess) -> None:
    async with httpx.AsyncClient(base_url=portal.base, timeout=30) as http:
        assert (await http.get("/health/ready")).status_code == 200


async def _asked(portal: PortalProcess, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=portal.base, timeout=BOUND, cookies={"kabinet": "of-nobody"}) as http:
        return await http.get(path)


async def test_pages_probe_and_sigterm_end_while_the_database_is_silent(settings: Settings, tmp_path: Path) -> None:
    async with behind_proxy(settings.database) as proxy, running_portal(proxy.dsn, tmp_path) as portal:
        await _ready(portal)
        before = portal.log.read_text().count("\n")
        await asyncio.sleep(1.5)  # the answer of the probe counts for a second
        proxy.silence()
        ready, *pages = await asyncio.gather(
            _asked(portal, "/health/ready"), *(_asked(portal, "/profile") for _ in range(15))
        )
        assert ready.status_code == 503
        # A request of its own: a probe waits for two seconds, however long the pages hang.
        assert ready.elapsed.total_seconds() < 5
        for page in pages:
            assert page.status_code == 503
            assert page.headers["retry-after"] == "30"
            assert "временно недоступен" in page.text
        said = portal.log.read_text().splitlines()[before:]
        faults = [line for line in said if "kabinet.faults" in line and " ERROR " in line]
        assert len(faults) == len(pages)
        assert all("GET /profile 503: the database is unavailable: " in line for line in faults)
        proxy.speak()
        await asyncio.sleep(1.5)
        await _ready(portal)
        assert (await _asked(portal, "/profile")).status_code == 303
        proxy.silence()
        hanging = asyncio.create_task(_asked(portal, "/profile"))
        await asyncio.wait_for(portal.kill(signal.SIGTERM), BOUND)
        await asyncio.gather(hanging, return_exceptions=True)


async def test_everything_that_waits_has_its_limit(database: str) -> None:
    async with behind_proxy(database) as proxy, opened(Postgres(proxy.dsn, SHORT)):
        await run("SELECT 1 AS one")
        proxy.silence()
        for _ in range(3):  # a statement on an open connection, then new connections
            with pytest.raises(DatabaseUnavailableError):
                await asyncio.wait_for(run("SELECT 1 AS one"), BOUND)
        proxy.speak()
        assert (await run("SELECT 1 AS one"))[0]["one"] == 1


async def test_a_silent_database_is_told_when_opening(database: str) -> None:
    async with behind_proxy(database) as proxy:
        proxy.silence()
        with pytest.raises(DatabaseUnavailableError, match="TimeoutError"):
            async with asyncio.timeout(BOUND), opened(Postgres(proxy.dsn, SHORT)):
                pass


async def test_the_server_ends_statements_locks_and_idle_transactions_by_itself(database: str) -> None:
    async with opened(make_engine(database, SHORT)):
        with pytest.raises(DatabaseUnavailableError, match="statement timeout"):
            await run("SELECT pg_sleep(20)")
        other = await asyncpg.connect(database)
        async with other.transaction():
            await other.execute("LOCK TABLE accounts")
            with pytest.raises(DatabaseUnavailableError, match="timeout"):
                await run("SELECT id FROM accounts")
        await other.close()
        with pytest.raises(DatabaseUnavailableError):
            async with transaction():
                await run("SELECT 1 AS one")
                await asyncio.sleep(2)
                await run("SELECT 1 AS one")


async def test_a_full_pool_is_waited_for_and_no_longer(database: str) -> None:
    async with opened(make_engine(database, PostgresLimits(pool=1, acquire=1, statement=20, lock=5))):

        async def hold() -> None:
            async with transaction():
                await held.wait()

        held = asyncio.Event()
        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.2)
        with pytest.raises(DatabaseUnavailableError, match="TimeoutError"):
            await asyncio.wait_for(run("SELECT 1 AS one"), BOUND)
        held.set()
        await holding
        assert (await run("SELECT 1 AS one"))[0]["one"] == 1


async def test_work_in_no_hurry_has_no_limit_of_its_own(database: str) -> None:
    async with opened(make_engine(database, SHORT)):
        with unhurried():
            await run("SELECT pg_sleep(3)")
            async with transaction():
                await run("SELECT pg_sleep(3)")
        with pytest.raises(DatabaseUnavailableError):
            await run("SELECT pg_sleep(3)")
