"""`litestar migrate` as an operator runs it."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

import click
import pytest

from app import Commands
from db.engine import make_engine, opened, run
from db.migrate import applied_migrations, known_migrations, migrating, run_migrations
from settings import without_password
from tests.commands import MIGRATE, Command
from tests.databases import empty_postgres
from tests.routes.cli.test_registry import environment

KNOWN = sorted(known_migrations())


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that has no schema yet."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/kabinet.sqlite"
    return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri")))


def migrate(database: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return Command(MIGRATE, words, environment(database, **settings)).finished()


async def test_the_plan_tells_what_then_is_done(empty: str, tmp_path: Path) -> None:
    shown = without_password(empty)
    planned = migrate(empty, "--plan")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert planned.stdout.startswith(f"{shown}: ")
    assert f"{len(KNOWN)} migrations would" in planned.stdout
    assert list(tmp_path.iterdir()) == [], "a plan makes nothing"  # noqa: ASYNC240 - a folder of this test

    async with opened(make_engine(empty)) as engine, migrating(engine):
        await run_migrations(KNOWN[-3])
    planned = migrate(empty, "--plan")
    assert planned.stdout.splitlines()[0] == f"{shown}: 2 migrations would run"
    assert re.findall(r"^(\S+)  \S", planned.stdout, re.MULTILINE) == KNOWN[-2:]
    async with opened(make_engine(empty)):
        assert await applied_migrations() == set(KNOWN[:-2])

    done = migrate(empty, KABINET_MIGRATE="off")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(\S+)  \S", done.stdout, re.MULTILINE) == KNOWN[-2:]
    assert done.stdout.endswith(f"{shown}: 2 migrations run, the schema is up to date\n")
    assert f"{shown}: nothing to do, all {len(KNOWN)} migrations have run\n" == migrate(empty, "--plan").stdout
    assert f"{shown}: 0 migrations run, the schema is up to date\n" == migrate(empty).stdout


async def test_a_newer_schema_is_told_in_one_line(database: str) -> None:
    async with opened(make_engine(database)):
        await run(
            "INSERT INTO migration (id, name, app_name, ran_on) VALUES (99, '2999-01-01', 'kabinet', '2026-11-23')"
        )
    for words in ((), ("--plan",)):
        done = migrate(database, *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "its schema is newer than this program, which has no migration 2999-01-01" in done.stderr


def test_the_command_is_there() -> None:
    cli = click.Group()
    Commands().on_cli_init(cli)
    assert "migrate" in cli.commands
