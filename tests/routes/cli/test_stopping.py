"""A command that is ended ends what the server does for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest

from db.staging import _ADVISORY_LOCK
from tests.databases import empty_postgres
from tests.domain.registry.test_cleaning import is_running, processes_of
from tests.faults.silent_database import behind_proxy
from tests.routes.cli.test_registry import ACCOUNTS, started, written

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE 'SELECT pg_advisory_xact_lock%'"
)


async def _until(connection: asyncpg.Connection, waiting: int) -> None:
    async with asyncio.timeout(30):
        while await connection.fetchval(_WAITING) != waiting:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_the_servers_statement_ends_with_the_command(
    postgres_uri: str, tmp_path: Path, sent: signal.Signals
) -> None:
    """The import waits for another one, in a statement of its own, when the signal comes."""
    database = await empty_postgres(postgres_uri, "kabinet_template")
    other = await asyncpg.connect(database)
    await other.execute(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
    command = started(database, "import", "accounts", str(written(tmp_path, "accounts.csv", ACCOUNTS)))
    await _until(other, 1)
    command.send_signal(sent)
    said = await asyncio.to_thread(command.communicate, timeout=30)
    if sent != signal.SIGKILL:
        assert (command.returncode, said) == (1, ("", "accounts.csv: stopped, and nothing of it is left half done\n"))
    await _until(other, 0)
    assert await other.fetchval("SELECT count(*) FROM accounts") == 0
    await other.close()


async def test_a_silent_server_does_not_keep_the_command(postgres_uri: str, tmp_path: Path) -> None:
    database = await empty_postgres(postgres_uri, "kabinet_template")
    other = await asyncpg.connect(database)
    await other.execute(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
    async with behind_proxy(database) as proxy:
        command = started(proxy.dsn, "import", "accounts", str(written(tmp_path, "accounts.csv", ACCOUNTS)))
        await _until(other, 1)
        proxy.silence()
        command.send_signal(signal.SIGINT)
        try:
            said = await asyncio.to_thread(command.communicate, timeout=30)
        finally:
            command.kill()
    assert (command.returncode, said) == (1, ("", "accounts.csv: stopped, and nothing of it is left half done\n"))
    await _until(other, 0)
    await other.execute("SELECT pg_advisory_unlock_all()")
    assert await other.fetchval("SELECT count(*) FROM accounts") == 0
    await other.close()


def test_a_stopped_import_on_sqlite_leaves_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "kabinet.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    rows = "".join(f"{n};ул. Тихая\n" for n in range(300_000))
    file = written(tmp_path, "accounts.csv", "account_number;address\n" + rows)
    command: subprocess.Popen[str] = started(f"sqlite:{path}", "import", "accounts", str(file))
    while not list(tmp_path.glob("*.import-*")):
        assert command.poll() is None
        time.sleep(0.02)  # nothing tells when another process has begun its work
    command.send_signal(signal.SIGTERM)
    said = command.communicate(timeout=30)
    assert (command.returncode, said) == (1, ("", "accounts.csv: stopped, and nothing of it is left half done\n"))
    assert list(tmp_path.glob("*.import-*")) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_processes_that_clean_rows_end_with_the_command(
    sqlite_template: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    path = tmp_path / "kabinet.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    rows = "".join(f"+79{n:09d};Ким;Вера;;1.2.1990;k{n}@example.org;\n" for n in range(300_000))
    header = "phone;last_name;first_name;patronymic;birth_date;email;account_numbers\n"
    command = started(f"sqlite:{path}", "import", "customers", str(written(tmp_path, "customers.csv", header + rows)))
    while not (processes := processes_of(command.pid)):
        assert command.poll() is None
        time.sleep(0.02)  # nothing tells when another process has begun its work
    # Ctrl-C goes to the group of the terminal.
    assert all(os.getpgid(process) != os.getpgid(command.pid) for process in processes)
    command.send_signal(sent)
    said = command.communicate(timeout=30)
    if sent != signal.SIGKILL:
        assert (command.returncode, said) == (1, ("", "customers.csv: stopped, and nothing of it is left half done\n"))
        assert not any(map(is_running, processes))
    end = time.monotonic() + 30
    while any(map(is_running, processes)):
        assert time.monotonic() < end
        time.sleep(0.02)  # nor when it has ended
    assert said[1].count("Traceback") == 0
