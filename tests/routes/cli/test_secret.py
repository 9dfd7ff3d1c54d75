"""`litestar secret rotate` as an operator runs it."""

from __future__ import annotations

import subprocess

import pytest

from db.engine import Engine, run
from domain.installation import require_secret
from domain.sealing import Sealing
from settings import SettingsError, read_settings
from tests.commands import SECRET, Command
from tests.conftest import NOW
from tests.conftest import SECRET as FORMER
from tests.routes.cli.test_registry import environment

NEXT = "the next secret of the tests, quite as long as that"


def rotated(database: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return Command(SECRET, ["rotate"], environment(database, **settings)).finished()


async def test_rows_are_brought_over_and_what_has_to_be_done_by_hand_is_told(engine: Engine, database: str) -> None:
    await require_secret(Sealing(FORMER))
    for sealed in (Sealing(FORMER).seal([]), "not sealed at all"):
        await run("INSERT INTO connection_requests (created_at, sealed) VALUES ({}, {})", NOW, sealed)
    await run(
        "INSERT INTO cards (number_hash, last_four, holder_id, login, email_hash, phone_hash)"
        " VALUES ('a', '0013', 'H', 'l', 'e', 'p')"
    )
    alone = rotated(database)
    assert (alone.returncode, alone.stderr[:31]) == (1, "KABINET_SECRET_PREVIOUS: is nee")
    done = rotated(database, KABINET_SECRET=NEXT, KABINET_SECRET_PREVIOUS=FORMER)
    assert (done.returncode, done.stderr) == (
        0, "connection_requests, row 2: neither secret opens it, and it stays as it is\n",
    )  # fmt: skip
    assert "connection_requests: 1 rows brought over" in done.stdout
    assert "litestar registry import cards FILE --replace --allow-removing 1" in done.stdout
    assert Sealing(NEXT).unseal((await run("SELECT sealed FROM connection_requests WHERE id = 1"))[0]["sealed"]) == []
    again = rotated(database, KABINET_SECRET=NEXT, KABINET_SECRET_PREVIOUS=FORMER)
    assert "connection_requests: 0 rows brought over" in again.stdout


@pytest.mark.parametrize(
    ("secret", "previous", "line"),
    [
        ("", FORMER, "KABINET_SECRET: is required beside"),
        (FORMER, FORMER, "KABINET_SECRET_PREVIOUS: is the same"),
        (NEXT, "short", "KABINET_SECRET_PREVIOUS: is too short"),
    ],
)
def test_two_secrets_that_make_no_sense_are_refused(secret: str, previous: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        read_settings(secret=secret, secret_previous=previous)
