"""`litestar staff` and `litestar journal`: who may sign in, and whether what they did is all there."""

from __future__ import annotations

import re
import subprocess

from db.engine import Engine, run
from domain.portal import Portal
from domain.staff import journal as staff_journal
from tests.commands import Command
from tests.conftest import SECRET, scope_of
from tests.routes.cli.test_registry import environment

STAFF, JOURNAL = "routes.cli.staff:staff_group", "routes.cli.journal:journal_group"
ANNA = "Anna@Example.org"


def command(database: str, *words: str, group: str = STAFF) -> subprocess.CompletedProcess[str]:
    return Command(group, words, environment(database, KABINET_SECRET=SECRET)).finished()


async def test_a_person_is_added_listed_reset_and_removed(database: str, engine: Engine, portal: Portal) -> None:
    for words in (("add", ANNA), ("add", ANNA, "--role", "owner"), ("add", "anna", "--role", "admin")):
        assert command(database, *words).returncode != 0
    added = command(database, "add", ANNA, "--role", "admin")
    assert added.returncode == 0, added.stderr
    link = re.search(r"http://127\.0\.0\.1:8000/staff/setup/\S{43}\n", added.stdout)
    assert link
    twice = command(database, "add", "anna@example.org", "--role", "operator")
    assert (twice.returncode, twice.stdout) == (1, "")
    assert "is there already" in twice.stderr
    assert command(database, "list").stdout == "Anna@example.org  admin     link sent\n"
    reset = command(database, "reset", ANNA)
    assert link[0] not in reset.stdout
    assert "/staff/setup/" in reset.stdout
    mailed = [portal.sealing.unseal(row["sealed"]) for row in await run("SELECT sealed FROM outbox ORDER BY id")]
    assert [one["to"] for one in mailed] == ["Anna@example.org"] * 2
    assert mailed[0]["values"]["link"] == link[0].strip()
    assert command(database, "remove", ANNA).returncode == 0
    assert command(database, "list").stdout.startswith("Nobody")
    for act in ("remove", "reset"):
        refused = command(database, act, ANNA)
        assert (refused.returncode, refused.stdout) == (1, "")
    whole = command(database, "verify", group=JOURNAL)
    noted = re.fullmatch(r"The journal is whole: 3 entries, the last is (3:[0-9a-f]{64})\n", whole.stdout)
    assert noted
    assert command(database, "verify", "--holds", noted[1], group=JOURNAL).returncode == 0
    await run("UPDATE staff_journal_end SET number = 2")
    broken = command(database, "verify", "--holds", noted[1], group=JOURNAL)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "broken" in broken.stderr
    assert command(database, "verify", "--holds", "3:x", group=JOURNAL).returncode == 1
    assert (await staff_journal.verify(scope_of(portal))).wrong is not None
