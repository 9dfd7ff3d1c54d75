"""`litestar database copy` as an operator runs it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import click
import pytest

from app import Commands
from db.engine import Engine, make_engine, opened, run
from domain.installation import require_secret, secret_hash_of
from domain.sealing import Sealing
from settings import SettingsError, read_settings, without_password
from tests.commands import DATABASE, Command
from tests.conftest import SECRET
from tests.databases import empty_postgres
from tests.db.filled import everything, fill_every_table
from tests.routes.cli.test_registry import environment


def copied(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    # What KABINET_DATABASE says is neither of both.
    return Command(DATABASE, ["copy", *words], environment("sqlite:/nowhere", **settings)).finished()


def refused(*words: str | Path, **settings: str) -> str:
    done = copied(*words, **settings)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done
    return done.stderr


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/copied.sqlite"
    return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri")))


async def test_a_copy_holds_every_row(engine: Engine, database: str, target: str) -> None:
    await fill_every_table(secret_hash_of(Sealing(SECRET)))
    wanted = await everything()
    dry = copied(database, target, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    names = f"from {without_password(database)} into {without_password(target)}"
    assert dry.stdout.splitlines()[0].startswith("rows: accounts 7, bills 7, imports 7, cards 7, customers 7, ")
    assert dry.stdout.splitlines()[1:] == [f"goes {names}, which is empty", "dry run, nothing was changed"]

    done = copied(database, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[2:] == [
        f"copied, and {sum(map(len, wanted.values()))} rows compared",
        "name it in KABINET_DATABASE, and keep KABINET_SECRET",
    ]  # fmt: skip
    async with opened(make_engine(target)):
        assert await everything() == wanted
    assert "it is not empty" in refused(database, target)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_value_that_the_other_database_does_not_take_is_named(
    engine: Engine, database: str, postgres_uri: str
) -> None:
    """SQLite keeps whatever it is given; nothing of the value is told."""
    target = await empty_postgres(postgres_uri)
    await require_secret(Sealing(SECRET))
    await run("INSERT INTO connection_requests (id, created_at, sealed) VALUES (7, CURRENT_TIMESTAMP, 'fine')")
    for change, back in (
        ("sealed = 'Ив' || char(0)", "sealed = ''"),
        ("created_at = 'Иванов'", "created_at = CURRENT_TIMESTAMP"),
    ):
        await run(f"UPDATE connection_requests SET {change}")
        said = refused(database, target)
        assert "connection_requests: " in said
        assert "the row with id 7" in said
        assert "Ив" not in said
        await run(f"UPDATE connection_requests SET {back}")
    await run("INSERT INTO accounts (number, address) VALUES ({}, '')", "7" * 41)
    assert "accounts: PostgreSQL refuses one from the row with id 1" in refused(database, target)
    await run("DELETE FROM accounts")
    assert copied(database, target).returncode == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_mistake_is_one_line(engine: Engine, database: str, tmp_path: Path) -> None:
    await fill_every_table(secret_hash_of(Sealing(SECRET)))
    new = f"sqlite:{tmp_path}/new.sqlite"
    assert refused("kabinet.sqlite", new) == "FROM: unknown scheme; known: sqlite:, postgresql://\n"
    assert refused(database, "kabinet.sqlite") == "TO: unknown scheme; known: sqlite:, postgresql://\n"
    assert "it does not exist" in refused(new, database)
    assert "it is not empty" in refused(database, database)
    assert "KABINET_SECRET: is not the one" in refused(database, new, KABINET_SECRET="another" * 8)
    assert "KABINET_TIMEZONE" in refused(database, new, KABINET_TIMEZONE="Mars")
    assert list(tmp_path.glob("*")) == []  # noqa: ASYNC240 - a folder of this test


def test_what_is_given_instead_is_checked_as_the_environment_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_SECRET", SECRET)
    monkeypatch.setenv("KABINET_DATABASE", "sqlite:one.sqlite")
    assert read_settings(database="sqlite:two.sqlite").database == "sqlite:two.sqlite"
    with pytest.raises(SettingsError, match="KABINET_DATABASE: unknown scheme"):
        read_settings(database="two.sqlite")


@pytest.mark.parametrize(
    ("database", "shown"),
    [
        ("postgresql://user:hidden@host:5432/name?password=hidden", "postgresql://host:5432/name"),
        ("postgresql:///name?host=/run&user=u&password=hidden", "postgresql:///name"),
        ("postgresql://user:hid%40den@[::1]/name", "postgresql://[::1]/name"),
        ("sqlite:kabinet.sqlite", "sqlite:kabinet.sqlite"),
    ],
)
def test_no_password_is_shown(database: str, shown: str) -> None:
    assert without_password(database) == shown


def test_the_command_is_there() -> None:
    cli = click.Group()
    Commands().on_cli_init(cli)
    assert "database" in cli.commands
