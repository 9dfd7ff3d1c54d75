"""A backup under load, and after the portal's end the same portal again; kills of the commands themselves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.contents import require_empty, snapshot
from db.engine import Engine, make_engine, opened, run, transaction
from db.migrate import known_migrations
from domain.backups.archive import opened_archive
from domain.sealing import Sealing
from tests.browser import location, path_of
from tests.commands import BACKUP, RESTORE, Command
from tests.conftest import SECRET
from tests.databases import empty_postgres
from tests.faults.portal_process import PortalProcess, running_portal
from tests.routes.cli.test_registry import ROOT, environment


@pytest.fixture
async def target(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema, of the same kind."""
    if database.startswith("sqlite:"):
        return f"sqlite:{tmp_path}/restored.sqlite"
    return await empty_postgres(request.getfixturevalue("postgres_uri"))


async def _write_pairs(begun: asyncio.Event) -> None:
    """Whole transactions only: an account and its bill, the sum of all bills being what the last account says."""
    number = 0
    while True:
        number += 1
        async with transaction():
            await run("INSERT INTO accounts (number, address) VALUES ({}, {})", f"pair{number}", str(number))
            (row,) = await run("SELECT id FROM accounts WHERE number = {}", f"pair{number}")
            await run("INSERT INTO bills (account, period, amount_kopecks) VALUES ({}, '2020-01', 1)", row["id"])
        if number > 20:
            begun.set()
        await asyncio.sleep(0)


async def _browse(process: PortalProcess) -> None:
    """Customers who begin to register and mistype passwords: codes, counters, messages, the journal."""
    browser = process.browser()
    for number in itertools.count():
        phone = f"+7 912 {number:07d}"
        with contextlib.suppress(httpx.TransportError):
            await browser.post(path_of("phone"), {"phone": phone, "consent": "yes"})
            await browser.post("/sign-in/login", {"login": f"login{number}", "password": "not this one"})


@contextlib.asynccontextmanager
async def _load(process: PortalProcess) -> AsyncIterator[None]:
    begun = asyncio.Event()
    tasks = [asyncio.create_task(_write_pairs(begun)), asyncio.create_task(_browse(process))]
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert begun.is_set(), [task.exception() for task in tasks if task.done()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def test_a_backup_under_load_is_the_portal_again(
    engine: Engine, database: str, process: PortalProcess, target: str, tmp_path: Path
) -> None:
    customer = process.browser()
    await customer.register()
    path = tmp_path / "kabinet.zip"
    async with _load(process):
        before = await _pairs()
        done = await asyncio.to_thread(Command(BACKUP, [path], environment(database)).finished)
        assert done.returncode == 0, done
        after = await _pairs()
        assert after > before
        await process.kill()
    done = await asyncio.to_thread(Command(RESTORE, [path], environment(target)).finished)
    assert done.returncode == 0, done

    async with opened(make_engine(target)):
        assert before <= await _pairs() <= after
        assert await _pairs() == (await run("SELECT count(*) AS n FROM bills WHERE period = '2020-01'"))[0]["n"]
    await _same_rows(target, path)
    # Who was signed in at that moment still is; and the password is the one that it was.
    async with running_portal(target, tmp_path) as restored:
        customer.http.base_url = httpx.URL(restored.base)
        assert "Анна" in (await customer.get("/profile")).text
        another = restored.browser()
        assert location(await another.sign_in()) == "/profile"
        await another.http.aclose()
    await customer.http.aclose()


async def _pairs() -> int:
    return int((await run("SELECT count(*) AS n FROM accounts WHERE number LIKE 'pair%'"))[0]["n"])


async def _same_rows(database: str, path: Path) -> None:
    with opened_archive(path, Sealing(SECRET)) as archive:
        async with snapshot(make_engine(database)) as contents:
            for wanted, there in zip(archive.shapes, contents.shapes, strict=True):
                rows = [row async for rows in archive.rows(wanted) for row in rows]
                assert rows == [row async for rows in contents.rows(wanted) for row in rows], wanted.name
                assert wanted.name == there.name


# --- The commands end in the middle ---

MANY = 60_000


@pytest.fixture
async def many(engine: Engine) -> None:
    """So many accounts that a command takes long enough to be interrupted."""
    await run(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
        " INSERT INTO accounts (number, address) SELECT CAST(i AS text), 'ул. Тихая, д. ' || i FROM n", MANY,
    )  # fmt: skip


def _started(entry: str, database: str, path: Path) -> subprocess.Popen[str]:
    module, _, function = entry.partition(":")
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", f"from {module} import {function}; {function}()", path],
        cwd=ROOT, env=environment(database), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _interrupted(
    command: subprocess.Popen[str], begun: Callable[[], bool], sent: signal.Signals
) -> tuple[int, str, str]:
    while not begun():
        assert command.poll() is None, command.communicate()
        time.sleep(0.002)  # nothing tells when another process has begun its work
    command.send_signal(sent)
    said = command.communicate(timeout=60)
    return command.returncode, *said


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_an_interrupted_backup_is_no_file(
    many: None, database: str, tmp_path: Path, sent: signal.Signals
) -> None:
    path = tmp_path / "kabinet.zip"
    command = _started(BACKUP, database, path)
    done = await asyncio.to_thread(_interrupted, command, lambda: bool(list(tmp_path.glob("*.part-*"))), sent)
    if sent == signal.SIGKILL:
        assert "kabinet.zip" not in _names(tmp_path)
    else:
        assert done == (1, "", f"{path}: stopped, and nothing was written\n")
        assert _names(tmp_path) == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
async def test_an_interrupted_restore_leaves_an_empty_database(
    many: None, database: str, target: str, tmp_path: Path, sent: signal.Signals
) -> None:
    path = tmp_path / "kabinet.zip"
    assert Command(BACKUP, [path], environment(database)).finished().returncode == 0
    command = _started(RESTORE, target, path)
    done = await asyncio.to_thread(_interrupted, command, lambda: _is_being_filled(target), sent)
    if sent != signal.SIGKILL:
        assert done[0] == 1
        assert done[2] == f"{path}: stopped, and nothing of it is in the database\n"
    async with opened(make_engine(target)) as there:
        await require_empty(there)
    assert Command(RESTORE, [path], environment(target)).finished().returncode == 0
    await _same_rows(target, path)


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def _is_being_filled(database: str) -> bool:
    """Whether somebody else holds it, with the schema in place."""
    if not database.startswith("sqlite:"):
        return asyncio.run(_is_copied_into(database))
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:"), timeout=0)) as connection:
        try:
            if connection.execute("SELECT count(*) FROM migration").fetchone() != (len(known_migrations()),):
                return False
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return "locked" in str(error)
    return False


async def _is_copied_into(database: str) -> bool:
    connection = await asyncpg.connect(database)
    try:
        return bool(await connection.fetchval("SELECT 1 FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' LIMIT 1"))
    finally:
        await connection.close()
