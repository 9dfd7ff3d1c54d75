"""A real PgBouncer in transaction mode between the portal and PostgreSQL: `make integration`."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from db.engine import make_engine, opened, run, transaction
from db.migrate import migrate
from db.postgres import Postgres, PostgresLimits
from db.unavailable import DatabaseUnavailableError
from tests.browser import STEPS
from tests.databases import empty_postgres
from tests.faults.portal_process import running_portal
from tests.journeys.server import free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def pooled(postgres_uri: str, tmp_path: Path) -> Iterator[str]:
    """`KABINET_DATABASE` of an empty database, through two server connections for everybody."""
    parts = urlsplit(asyncio.run(empty_postgres(postgres_uri)))
    folder, name, port = parse_qs(parts.query)["host"][0], parts.path.strip("/"), free_port()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{name} = host={folder} user={parts.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
    )
    # PgBouncer refuses to run as root, and must be able to reach the socket.
    tmp_path.chmod(0o755)
    Path(folder).chmod(0o755)
    root = subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip() == "0"
    with settings.open() as given, (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["pgbouncer", *(["-u", "nobody"] if root else []), "/dev/stdin"], stdin=given, stdout=log, stderr=log
        )
    try:
        while not re.search("process up", (tmp_path / "log").read_text()):
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.05)  # nothing tells when it begins to answer
        yield f"postgresql://{parts.username}:any@127.0.0.1:{port}/{name}"
    finally:
        process.terminate()
        process.wait(10)


async def test_the_pooler_is_noticed_and_nothing_of_a_session_is_relied_upon(pooled: str) -> None:
    async with opened(make_engine(pooled)) as engine:
        assert isinstance(engine, Postgres)
        assert engine.behind_pooler
        await asyncio.gather(*(migrate(engine) for _ in range(2)))
        await run("INSERT INTO accounts (number, address) VALUES ({}, {})", "counter", "0")

        async def increment() -> None:
            async with transaction():
                found = await run("SELECT address FROM accounts WHERE number = {} FOR UPDATE", "counter")
                await run(
                    "UPDATE accounts SET address = {} WHERE number = {}", str(int(found[0]["address"]) + 1), "counter"
                )
            await run("SELECT id FROM accounts WHERE number = {}", "counter")

        await asyncio.gather(*(increment() for _ in range(100)))
        assert (await run("SELECT address FROM accounts"))[0]["address"] == "100"


async def test_its_limits_hold_through_the_pooler(pooled: str) -> None:
    async with opened(make_engine(pooled, PostgresLimits(statement=1, lock=1, idle=1))) as engine:
        with pytest.raises(DatabaseUnavailableError, match="statement timeout"):
            await run("SELECT pg_sleep(20)")
        with pytest.raises(DatabaseUnavailableError, match="needs a session of its own"):
            await engine.new_connection()


async def test_a_registration(pooled: str, tmp_path: Path) -> None:
    async with running_portal(pooled, tmp_path, 2) as portal:
        browser = portal.browser()
        for step in STEPS[:2]:
            assert (await browser.submit(step)).status_code == 303
        await browser.http.aclose()
