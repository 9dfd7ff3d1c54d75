"""A request for connection is found and read, whatever has become of its e-mail."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from app import Commands
from db import connection_requests
from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.channels.channel import Begin, DeliveryFailed, Outgoing, Rendered, Taken
from domain.delivery.messages import AccountShared, ConnectionRequestForStaff
from domain.portal import Portal
from routes.cli.requests import found_request
from routes.message_texts import MessageTexts
from tests.browser import BILL, REQUEST, Browser, path_of
from tests.commands import REQUESTS, Command
from tests.conftest import Clock, scope_of
from tests.domain.delivery.passes import deliver_due
from tests.routes.cli.test_registry import environment

STAFF = ConnectionRequestForStaff(17, [("Фамилия", "Иванова")])


def command(database: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return Command(REQUESTS, words, environment(database, **settings)).finished()


class Failing:
    """A mail server that says no, later, or nothing."""

    window = 8

    def __init__(self, follows: Any) -> None:
        self.follows = follows

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        await begin()
        raise DeliveryFailed(self.follows, "no")

    async def close(self) -> None:
        pass


def render(name: str, values: Mapping[str, Any], language: str) -> Rendered:
    return MessageTexts()(name, values, language)


async def _requested(client: Browser) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**BILL, "amount": "1"})
    comment = "Новый дом\nФамилия: Петров\x1b[2J"
    assert (await client.post(path_of("connection"), {**REQUEST, "comment": comment})).status_code == 303


async def test_a_request_whose_email_has_expired_is_named_in_the_log_and_read_by_the_command(
    client: Browser, portal: Portal, database: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await _requested(client)
    week = clock() + timedelta(days=7)
    assert await deliver_due(portal, {"email": [Failing("later")]}, render, week) == 0
    found = re.search(r"connection request (\d+) may not have reached the staff: litestar (.*)", caplog.text)
    assert found
    assert found[2] == f"requests show {found[1]}"
    shown = command(database, *found[2].split()[1:])
    assert (shown.returncode, shown.stderr) == (0, "")
    for value in REQUEST.values():
        assert value.partition("\n")[0] in shown.stdout
    assert "+7 912 345-67-89" in shown.stdout.replace("\u00a0", " ")
    for value in ("Иванова", "Тихая", "example.org"):
        assert value not in caplog.text


@pytest.mark.parametrize(
    ("follows", "passed", "state"),
    [("refused", 0, "failed"), ("unknown", 0, "unknown"), ("later", 7 * 86400 - 1, "expired"), ("later", 0, "waiting")],
)
async def test_every_end_without_delivery_is_told(
    engine: Engine,
    portal: Portal,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    follows: str,
    passed: int,
    state: str,
) -> None:
    await outbox.post(scope_of(portal, now), STAFF, "staff@example.org")
    await outbox.post(scope_of(portal, now), AccountShared("Анна", "7000000111", "ул. Тихая"), "a@example.org")
    await deliver_due(portal, {"email": [Failing(follows)]}, render, now + timedelta(seconds=passed))
    assert (await run("SELECT state FROM outbox ORDER BY id"))[0]["state"] == state
    told = [record.getMessage() for record in caplog.records if "connection request" in record.getMessage()]
    text = "connection request 17 may not have reached the staff: litestar requests show 17"
    assert told == ([] if state == "waiting" else [text])


async def test_a_request_left_by_a_killed_worker_is_told(
    engine: Engine, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    await outbox.post(scope_of(portal, now), STAFF, "staff@example.org")
    await run("UPDATE outbox SET state = 'sending', claimed_at = {}", now)
    await deliver_due(portal, {"email": [Failing("later")]}, render, now + timedelta(minutes=3))
    assert "litestar requests show 17" in caplog.text
    assert [dict(row) for row in await run("SELECT state, sealed FROM outbox")] == [{"state": "unknown", "sealed": ""}]


async def test_a_request_sealed_with_another_secret_is_told_without_its_number(
    engine: Engine, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    await outbox.post(scope_of(portal, now), STAFF, "staff@example.org")
    await run("UPDATE outbox SET sealed = 'of another portal'")
    with caplog.at_level(logging.ERROR):
        await deliver_due(portal, {"email": [Failing("later")]}, render, now)
    assert "a connection request may not have reached the staff: litestar requests" in caplog.text


async def test_requests_are_listed_shown_and_marked(engine: Engine, portal: Portal, database: str) -> None:
    assert command(database).stdout == "No connection requests\n"
    begun = datetime.now(UTC)
    entries = [("Фамилия", "Иванова"), ("Комментарий", "Новый\u00a0дом\nФамилия: Петров\x1b[2J\u202e"), ("Имя", "")]
    for age in (timedelta(days=400), timedelta(hours=3), timedelta(seconds=90)):
        await connection_requests.add(portal.sealing.seal(entries), begun - age)
    numbers = [row["id"] for row in await connection_requests.listed()]
    done = command(database, "handled", f"№ {numbers[0]}")
    assert (done.returncode, done.stdout) == (0, f"Connection request {numbers[0]} is handled\n")
    handled_at = (await run("SELECT handled_at FROM connection_requests ORDER BY id"))[0]["handled_at"]
    assert command(database, "handled", str(numbers[0])).returncode == 0
    assert (await run("SELECT handled_at FROM connection_requests ORDER BY id"))[0]["handled_at"] == handled_at

    lines = command(database, KABINET_TIMEZONE="UTC").stdout.splitlines()
    assert re.fullmatch(r"number  received          age       state", lines[0])
    at = f"{begun - timedelta(days=400):%Y-%m-%d %H:%M}"
    assert lines[1] == f"{numbers[0]:<6}  {at}  400 days  handled {handled_at:%Y-%m-%d %H:%M}"
    assert lines[2].endswith("  3 hours   not handled")
    assert lines[3].endswith("  1 minute  not handled")

    shown = command(database, "show", str(numbers[1])).stdout.splitlines()
    assert shown[0] == f"number       {numbers[1]}"
    assert shown[3:] == [
        "state        not handled",
        "Фамилия      Иванова",
        "Комментарий  Новый дом",
        "             Фамилия: Петров\ufffd[2J\ufffd",
        "Имя",
    ]


@pytest.mark.parametrize("number", ["1", "0", "x", "", "-1", "1" * 5000, "99999999999999999999", "².", "1 2"])
async def test_a_number_without_a_request_is_one_line(
    engine: Engine, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        await found_request(number)
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"There is no connection request {number[:40]!r}\n"


@pytest.mark.parametrize("what", ["show", "handled"])
def test_each_command_says_so(database: str, what: str) -> None:
    refused = command(database, what, "17")
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "There is no connection request '17'\n")


async def test_another_secret_and_a_database_out_of_reach_are_one_line(
    engine: Engine, portal: Portal, database: str, tmp_path: Path
) -> None:
    number = await connection_requests.add(portal.sealing.seal([]), datetime.now(UTC))
    foreign = command(database, "show", str(number), KABINET_SECRET="another secret, and long enough to be one")
    assert (foreign.returncode, foreign.stdout) == (1, "")
    assert foreign.stderr.count("\n") == 1
    (tmp_path / "not one").write_text("not a database, " * 100)
    for words in ((), ("show", "1"), ("handled", "1")):
        lost = command(f"sqlite:{tmp_path}/not one", *words)
        assert (lost.returncode, lost.stdout, lost.stderr.count("\n")) == (1, "", 1), lost.stderr


def test_the_command_is_there_and_says_that_it_shows_personal_data() -> None:
    cli = click.Group()
    Commands().on_cli_init(cli)
    for words in (["requests", "--help"], ["requests", "show", "--help"]):
        assert "personal data" in CliRunner().invoke(cli, words).stdout
