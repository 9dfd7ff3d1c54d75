"""For machines: alive, and ready where the database can be written and the files are there."""

from __future__ import annotations

import asyncio
import re
import resource
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.engine import bound, run
from db.sqlite import SQLite
from routes.health import Readiness
from settings import Settings
from tests.browser import Browser
from tests.faults.portal_process import ROOT, PortalProcess, running_portal

# The answer of one look counts for a second.
FRESH = 1.1
_END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_alive_and_ready(client: Browser) -> None:
    assert (await client.get("/health/live")).text == "alive\n"
    answer = await client.get("/health/ready")
    assert answer.text == "ready\n"
    assert answer.headers["cache-control"] == "no-store"


async def test_not_ready_without_a_schema_but_alive(client: Browser) -> None:
    await run("ALTER TABLE migration RENAME TO migration_away")
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.text) == (503, "not ready\n")
    assert (await client.get("/health/live")).status_code == 200


@asynccontextmanager
async def _only_read(settings: Settings) -> AsyncIterator[None]:
    """The database refuses every write."""
    engine = bound()
    if isinstance(engine, SQLite):
        engine.writer.execute("PRAGMA query_only = 1")
        yield
        engine.writer.execute("PRAGMA query_only = 0")
        return
    other = await asyncpg.connect(settings.database)
    name = await other.fetchval("SELECT quote_ident(current_database())")
    await other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await other.execute(_END_THE_OTHERS)
    yield
    await other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await other.execute(_END_THE_OTHERS)
    await other.close()


async def test_not_ready_where_nothing_can_be_written(client: Browser, settings: Settings) -> None:
    async with _only_read(settings):
        assert (await client.get("/health/ready")).status_code == 503
        await asyncio.sleep(FRESH)
        assert (await client.get("/health/ready")).status_code == 503
    await asyncio.sleep(FRESH)
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_thousand_who_ask_write_once_a_second(client: Browser) -> None:
    for _ in range(5):
        await asyncio.gather(*(client.get("/health/ready") for _ in range(40)))
    probes = (await run("SELECT probes FROM installation"))[0]["probes"]
    assert 1 <= probes <= 20


async def test_a_database_that_does_not_answer_keeps_nobody_waiting(client: Browser) -> None:
    engine = bound()
    if isinstance(engine, SQLite):
        await engine.turn.acquire()
    answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(4)))
    if isinstance(engine, SQLite):
        assert {answer.status_code for answer in answers} == {503}
        engine.turn.release()
        await asyncio.sleep(FRESH)
    assert (await client.get("/health/ready")).status_code == 200


async def test_missing_files_are_noticed(client: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.touch()
    readiness = Readiness([file])
    assert await readiness.lacking() == ""
    file.unlink()
    await asyncio.sleep(FRESH)
    assert await readiness.lacking() == "page.html is missing"


# --- As a process of its own ---


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The portal's files, to be taken away."""
    to = tmp_path / "copy"
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(".*", "tests", "docs", "*.sqlite*", "__pycache__"))
    return to


async def _status(portal: PortalProcess, path: str) -> int:
    async with httpx.AsyncClient(base_url=portal.base, timeout=30) as http:
        answer = await http.get(path)
        assert "Traceback" not in answer.text
        if answer.status_code == 500:
            assert "retry-after" not in answer.headers
        return answer.status_code


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_template_that_is_missing_is_a_fault_of_ours_in_one_line(
    database: str, tmp_path: Path, copy: Path
) -> None:
    (copy / "templates" / "partials" / "registration" / "choice.html").unlink()
    async with running_portal(database, tmp_path, PYTHONPATH=str(copy), KABINET_LOG_LEVEL="info") as portal:
        assert await _status(portal, "/health/ready") == 200
        assert await _status(portal, "/registration") == 500
        (fault,) = [line for line in portal.log.read_text().splitlines() if "kabinet.faults" in line]
        assert re.search(r"[0-9a-f]{12} templates: Нет шаблона «partials/registration/choice\.html»$", fault)
        (copy / "templates" / "page.html").unlink()
        await asyncio.sleep(FRESH)
        assert await _status(portal, "/health/ready") == 503
        assert await _status(portal, "/") == 500


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_not_ready_while_the_disk_is_full(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path, KABINET_LOG_LEVEL="info") as portal:
        assert await _status(portal, "/health/ready") == 200
        (worker,) = portal.workers()
        _, most = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, most))
        await asyncio.sleep(FRESH)
        assert await _status(portal, "/health/ready") == 503
        assert await _status(portal, "/health/live") == 200
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (most, most))
        await asyncio.sleep(FRESH)
        assert await _status(portal, "/health/ready") == 200
