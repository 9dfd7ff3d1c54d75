"""`litestar backup` and `litestar restore` as an operator runs them."""

from __future__ import annotations

import re
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from app import Commands
from db.engine import Engine, make_engine, opened, run
from db.tables import TABLES
from tests.commands import BACKUP, RESTORE, Command
from tests.routes.cli.test_registry import ROOT, environment


def command(entry: str, database: str, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return Command(entry, words, environment(database, **settings)).finished()


def refused(entry: str, database: str, *words: str | Path, **settings: str) -> str:
    """What it says, in one line."""
    done = command(entry, database, *words, **settings)
    assert done.returncode == 1, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


async def _one_account() -> None:
    await run("INSERT INTO accounts (number, address) VALUES ('7', 'ул. Тихая')")


async def test_what_was_backed_up_is_restored_and_said(engine: Engine, database: str, tmp_path: Path) -> None:
    await _one_account()
    path, target = tmp_path / "kabinet.zip", f"sqlite:{tmp_path}/new.sqlite"
    done = command(BACKUP, database, path)
    # The row of the installation is the first start's.
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"{path}: 2 rows of {len(TABLES)} tables, 0\.0 MB\n", done.stdout)

    (noted,) = await run("SELECT backed_up_at FROM installation")
    assert noted["backed_up_at"] is not None

    dry = command(RESTORE, target, path, "--dry-run", KABINET_TIMEZONE="UTC")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert re.fullmatch(
        rf"{path}: made \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC, whole, of this KABINET_SECRET\n"
        r"rows: accounts 1, installation 1\n"
        rf"goes into {target}, which is empty\n"
        r"dry run, nothing was changed\n",
        dry.stdout,
    )
    assert _names(tmp_path) == ["kabinet.zip"]

    done = command(RESTORE, target, path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"{path}: restored, and 2 rows compared\n")
    assert stat.S_IMODE((tmp_path / "new.sqlite").stat().st_mode) == 0o600
    async with opened(make_engine(target)):
        assert [row["number"] for row in await run("SELECT number FROM accounts")] == ["7"]
    assert "it is not empty: there are rows in accounts" in refused(RESTORE, target, path)


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_mistake_is_one_line(engine: Engine, database: str, tmp_path: Path) -> None:
    path, target = tmp_path / "kabinet.zip", f"sqlite:{tmp_path}/new.sqlite"
    assert command(BACKUP, database, path).returncode == 0
    (tmp_path / "text").write_text("this is no backup")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:-100])
    another = "another secret, and long enough to be one"
    assert f"KABINET_SECRET: is not the one that {path} was made with" in refused(
        RESTORE, target, path, KABINET_SECRET=another
    )
    assert "KABINET_SECRET" in refused(BACKUP, database, tmp_path / "more.zip", KABINET_SECRET=another)
    assert "it is no backup" in refused(RESTORE, target, tmp_path / "text")
    assert "it is no backup" in refused(RESTORE, target, cut)
    assert "No such file" in refused(RESTORE, target, tmp_path / "nothing")
    assert "Is a directory" in refused(RESTORE, target, tmp_path)
    assert "exists already" in refused(BACKUP, database, path)
    assert "No such file" in refused(BACKUP, database, tmp_path / "nowhere" / "kabinet.zip")
    assert "it does not exist" in refused(BACKUP, target, tmp_path / "more.zip")
    assert _names(tmp_path) == ["cut.zip", "kabinet.zip", "text"], "nothing was made"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_backup_changes_no_schema(engine: Engine, database: str, tmp_path: Path) -> None:
    """It is made before an upgrade, perhaps by the program that is upgraded to."""
    newest = (await run("SELECT max(name) AS name FROM migration"))[0]["name"]
    await run("DELETE FROM migration WHERE name = {}", newest)
    path, target = tmp_path / "kabinet.zip", f"sqlite:{tmp_path}/new.sqlite"
    assert command(BACKUP, database, path).returncode == 0
    assert await run("SELECT name FROM migration WHERE name = {}", newest) == []
    said = command(RESTORE, target, path, "--dry-run").stdout
    assert f"goes into {target}, which is empty, then 1 migration that it has not seen" in said


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_full_disk_leaves_nothing(engine: Engine, database: str, tmp_path: Path) -> None:
    await run("INSERT INTO accounts (number, address) VALUES ('7', {})", secrets.token_hex(200_000))
    path = tmp_path / "kabinet.zip"
    done = _backup_where_files_are_small(database, path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{path} cannot be written: File too large\n")
    assert _names(tmp_path) == []


def _backup_where_files_are_small(database: str, path: Path) -> subprocess.CompletedProcess[str]:
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        " from routes.cli.backups import backup_command; backup_command()"
    )
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", limited, path],
        cwd=ROOT, env=environment(database), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_commands_are_there() -> None:
    cli = click.Group()
    Commands().on_cli_init(cli)
    assert {"backup", "restore"} <= set(cli.commands)
