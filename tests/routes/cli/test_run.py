"""`litestar run` as operators start it, and what it says in one line where it cannot."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.commands import LITESTAR, Command
from tests.databases import empty_postgres
from tests.journeys.server import await_ready, environment_of, free_port

BOUND = 60


def _litestar(*words: str) -> list[str]:
    return [sys.executable, "-m", "litestar", "--app", "app:create_app", *words]


@contextmanager
def _running(database: str, folder: Path, cwd: Path | None = None, **more: str) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = environment_of(database, url) | more
    environment.pop("FORWARDED_ALLOW_IPS", None)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            _litestar("run", "--port", str(port)), cwd=cwd or folder, env=environment, stdout=log, stderr=log
        )
    try:
        await_ready(process, url, folder / "log")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(BOUND)


def test_forwarded_addresses_of_strangers_are_not_believed(tmp_path: Path) -> None:
    database = tmp_path / "kabinet.sqlite"
    with _running(f"sqlite:{database}", tmp_path) as url:
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "6.6.6.6"}
        wrong = {"login": "nobody", "password": "not this one"}
        answer = httpx.post(f"{url}/sign-in/login", data=wrong, headers=headers)
        assert answer.status_code == 422
        connection = sqlite3.connect(database)
        assert connection.execute("SELECT ip FROM journal").fetchall() == [("127.0.0.1",)]
        connection.close()
    log = (tmp_path / "log").read_text()
    assert "POST /sign-in/login 422" in log
    assert "6.6.6" not in log


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_with_postgresql_nothing_is_written_to_the_disk(database: str, tmp_path: Path) -> None:
    """A read-only file system does: here a folder in which nobody, not even root, can make a file."""
    nowhere = Path("/proc")
    with _running(database, tmp_path, cwd=nowhere, TMPDIR=str(nowhere), HOME=str(nowhere)) as url:
        for path in ("/", "/registration/account/phone", "/registration/card/card"):
            assert httpx.get(f"{url}{path}", timeout=30).status_code == 200


# --- A database that cannot be used ends every command in one line ---


def _sqlite_that_is_no_database(folder: Path, _: Callable[[], str]) -> str:
    (folder / "kabinet.sqlite").write_bytes(b"this is no database" * 100)
    return f"sqlite:{folder}/kabinet.sqlite"


def _sqlite_that_cannot_be_written(folder: Path, _: Callable[[], str]) -> str:
    return "sqlite:/proc/kabinet.sqlite"


def _sqlite_of_a_newer_program(folder: Path, _: Callable[[], str]) -> str:
    database = f"sqlite:{folder}/kabinet.sqlite"
    _demo(database, folder)
    _execute(database, "INSERT INTO migration (name, app_name, ran_on) VALUES ('2999-01-01', 'kabinet', '2999-01-01')")
    return database


def _sqlite_of_another_secret(folder: Path, _: Callable[[], str]) -> str:
    database = f"sqlite:{folder}/kabinet.sqlite"
    _demo(database, folder)
    _execute(database, f"UPDATE installation SET secret_hash = '{'0' * 64}'")
    return database


def _postgres_that_is_not_there(folder: Path, _: Callable[[], str]) -> str:
    return f"postgresql://portal@127.0.0.1:{free_port()}/kabinet"


def _postgres_without_this_database(folder: Path, postgres: Callable[[], str]) -> str:
    return postgres().replace("/kabinet_", "/nowhere_")


def _postgres_without_this_role(folder: Path, postgres: Callable[[], str]) -> str:
    return postgres().replace("//postgres:", "//nobody:")


def _postgres_that_only_reads(folder: Path, postgres: Callable[[], str]) -> str:
    database = postgres()

    async def only_read() -> None:
        connection = await asyncpg.connect(database)
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await connection.close()

    asyncio.run(only_read())
    return database


def _demo(database: str, folder: Path) -> None:
    demo = Command(LITESTAR, ["registry", "demo"], environment_of(database, "http://127.0.0.1:8000"), folder)
    assert demo.finished().returncode == 0


def _execute(database: str, statement: str) -> None:
    connection = sqlite3.connect(database.removeprefix("sqlite:"))
    with connection:
        connection.execute(statement)
    connection.close()


UNUSABLE = [
    (_sqlite_that_is_no_database, "file is not a database"),
    (_sqlite_that_cannot_be_written, "/proc/kabinet.sqlite"),
    (_sqlite_of_a_newer_program, "its schema is newer than this program"),
    (_sqlite_of_another_secret, "KABINET_SECRET: is not the one that this database was begun with"),
    (_postgres_that_is_not_there, "ConnectionRefusedError"),
    (_postgres_without_this_database, "does not exist"),
    (_postgres_without_this_role, "does not exist"),
    (_postgres_that_only_reads, "read-only"),
]
COMMANDS = {
    "run": ("run", "--wc", "2"),
    "delivery": ("delivery", "run"),
    "registry": ("registry", "demo"),
}


@pytest.mark.parametrize(("unusable", "said"), UNUSABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_a_database_that_cannot_be_used_is_told_in_one_line(
    request: pytest.FixtureRequest, tmp_path: Path, unusable: Callable[[Path, Callable[[], str]], str], said: str
) -> None:
    def postgres() -> str:
        return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri"), "kabinet_template"))

    database = unusable(tmp_path, postgres)
    environment = environment_of(database, "http://127.0.0.1:8000") | {
        "LITESTAR_PORT": str(free_port()),
        "KABINET_SMS": "http+kannel://a:b@127.0.0.1:9/cgi-bin/sendsms",
        "KABINET_SMS_CALL": "off",
    }
    begun = {name: Command(LITESTAR, words, environment, tmp_path) for name, words in COMMANDS.items()}
    for name, command in begun.items():
        done = command.finished()
        assert (done.returncode, done.stdout) == (1, ""), (name, done)
        assert len(done.stderr.splitlines()) == 1, (name, done)
        assert said in done.stderr, name


def test_a_schema_that_is_newer_may_be_served_by_who_leaves_it_alone(tmp_path: Path) -> None:
    """The way back after an upgrade: migrations only add."""
    database = _sqlite_of_a_newer_program(tmp_path, str)
    with _running(database, tmp_path, KABINET_MIGRATE="off") as url:
        assert httpx.get(url, timeout=30).status_code == 200


def test_a_schema_that_is_older_is_not_served_by_who_leaves_it_alone(tmp_path: Path) -> None:
    database = f"sqlite:{tmp_path}/kabinet.sqlite"
    _demo(database, tmp_path)
    _execute(database, "DELETE FROM migration WHERE name = (SELECT max(name) FROM migration)")
    environment = environment_of(database, "http://127.0.0.1:8000") | {"KABINET_MIGRATE": "off"}
    done = Command(LITESTAR, ["run"], environment, tmp_path).finished()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "its schema is older than this program" in done.stderr
