"""`litestar doctor` as an operator and as monitoring run it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from app import Commands
from db.engine import Engine, run
from domain.doctor.finding import exit_status
from settings import Settings
from tests.commands import DOCTOR, Command
from tests.routes.cli.test_registry import environment

# Whatever an operator has to keep to themselves, each with a word that stands nowhere else.
HIDDEN = {
    "KABINET_SECRET": "hidden-secret-hidden-secret-hidden-0123456789",
    "KABINET_SMS": "https+kannel://user:hidden-sms@sms.example.invalid/hidden-path#first",
    "KABINET_MAIL": "smtps://user:hidden-mail@mail.example.invalid",
    "KABINET_MAIL_FROM": "kabinet@example.invalid",
    "KABINET_STAFF_EMAIL": "staff@example.invalid",
}


def doctor(database: str, folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return Command(DOCTOR, words, environment(database, **settings), folder).finished()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_settings_have_their_origin_and_no_secret_is_told(engine: Engine, database: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KABINET_TIMEZONE=Asia/Omsk\nKABINET_CODE_TRIES=4\n")
    (tmp_path / ".env").chmod(0o600)
    listed = doctor(database, tmp_path, "--settings", KABINET_CODE_TRIES="3", **HIDDEN)
    assert (listed.returncode, listed.stderr) == (0, "")
    origins = {line.split()[0]: line.split()[1:] for line in listed.stdout.splitlines()}
    assert set(origins) == {f"KABINET_{name.upper()}" for name in Settings.model_fields}
    assert origins["KABINET_TIMEZONE"] == [".env", "Asia/Omsk"]
    assert origins["KABINET_CODE_TRIES"] == ["environment", "3"]
    assert origins["KABINET_CODE_DIGITS"] == ["default", "6"]
    assert origins["KABINET_SMS"] == ["environment", "https+kannel://sms.example.invalid#first"]
    assert re.search(r"KABINET_SECRET +environment +45 characters, fingerprint [0-9a-f]{8}$", listed.stdout, re.M)

    looked = doctor(database, tmp_path, **HIDDEN)
    assert "hidden" not in listed.stdout + looked.stdout + looked.stderr
    # The gateways do not exist.
    assert looked.returncode == 2, looked
    assert looked.stderr == ""
    assert re.search(r"^red +gateways +first: \S", looked.stdout, re.MULTILINE)


async def test_it_changes_nothing(engine: Engine, database: str, tmp_path: Path) -> None:
    newest = (await run("SELECT max(name) AS name FROM migration"))[0]["name"]
    await run("DELETE FROM migration WHERE name = {}", newest)
    looked = doctor(database, tmp_path)
    # Development, without a gateway.
    assert looked.returncode == 1, looked
    assert re.search(
        r"^yellow +database +schema: migrations that have not run: 1\n +-> \S", looked.stdout, re.MULTILINE
    )
    assert await run("SELECT name FROM migration WHERE name = {}", newest) == []
    assert await run("SELECT id FROM installation") == []


def test_a_wrong_setting_is_red_and_one_line(tmp_path: Path) -> None:
    looked = doctor(f"sqlite:{tmp_path}/x.sqlite", tmp_path, KABINET_TIMEZONE="Mars")
    assert looked.returncode == 2
    assert looked.stdout.startswith("red     settings  settings: KABINET_TIMEZONE: 'Mars' is not a time zone")
    assert list(tmp_path.iterdir()) == []


def test_the_exit_status_is_that_of_the_worst() -> None:
    assert exit_status({"green", "unknown"}) == 0
    assert exit_status({"green", "yellow", "unknown"}) == 1
    assert exit_status({"green", "yellow", "red"}) == 2


def test_the_command_is_there() -> None:
    cli = click.Group()
    Commands().on_cli_init(cli)
    assert "doctor" in cli.commands
