"""An import on SQLite goes into place in portions: unseen before it is decided, whole afterwards, killed or not."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from db import import_state, importer, registry
from db.engine import make_engine, opened, run
from db.importer import importing
from db.portions import Portions
from db.sqlite import SQLite
from db.staging import SQLiteStaging
from tests.conftest import SECRET

ROOT = Path(__file__).parents[2]
ACCOUNTS = 3_000
# The bills that are there, and what the import makes of them: the first thousand change, the second go, the third stay,
# and each account gets one of another month.
BEFORE = [(n, "2026-08", 100) for n in range(ACCOUNTS)]
FILE = [
    *(
        (line, f"N{n}", "2026-08", 200 if n < 1_000 else 100)
        for line, n in enumerate(range(ACCOUNTS))
        if not 1_000 <= n < 2_000
    ),
    *((line, f"N{n}", "2026-09", 300) for line, n in enumerate(range(ACCOUNTS), ACCOUNTS)),
]
OLD, NEW = (ACCOUNTS, ACCOUNTS * 100, ["2026-08"]), (5_000, 300_000 + 900_000, ["2026-09", "2026-08"])


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[SQLite]:
    path = tmp_path / "kabinet.sqlite"
    shutil.copy(sqlite_template, path)
    async with opened(make_engine(f"sqlite:{path}")) as engine:
        await run(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
            " INSERT INTO accounts (id, number, address) SELECT i + 1, 'N' || i, '' FROM n", ACCOUNTS - 1,
        )  # fmt: skip
        await run("INSERT INTO bills (account, period, amount_kopecks) SELECT id, '2026-08', 100 FROM accounts")
        assert isinstance(engine, SQLite)
        yield engine


async def seen() -> tuple[int, int, list[str]]:
    """What readers see: how many bills, their sum, and the periods."""
    rows = await registry.bills_of(range(1, ACCOUNTS + 1), ["0000-00", "9999-12"])
    return len(rows), sum(row["amount_kopecks"] for row in rows), await registry.newest_periods(3, "2026-10")


async def compared(engine: SQLite, begun: importer.Import) -> None:
    await begun.load(FILE)
    await begun.take_out_conflicts(20)
    await begun.begin_exclusive()
    counts = await begun.compare(replace=True)
    assert (counts["added"], counts["changed"], counts["removed"]) == (ACCOUNTS, 1_000, 1_000)


class Watched:
    """Portions of few rows; after each, `look` is called, or the import is left as a killed one leaves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, look: Callable[[], Awaitable[None]]) -> None:
        written = Portions._write

        async def write(self: Portions, statements: Sequence[str], portion: str, now: datetime | None) -> None:
            await written(self, statements, portion, now)
            self._rows = 300
            await look()

        monkeypatch.setattr(Portions, "_write", write)


async def test_readers_see_all_of_it_or_nothing(sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[tuple[int, int, list[str]]] = []

    async def look() -> None:
        states.append(await seen())

    Watched(monkeypatch, look)
    async with importing(sqlite, "bills") as begun:
        await compared(sqlite, begun)
        assert await seen() == OLD
        await begun.apply(now)
    assert await seen() == NEW
    assert all(state in (OLD, NEW) for state in states)
    assert sorted(states, key=[OLD, NEW].index) == states
    assert states.count(OLD) > 10
    assert states.count(NEW) > 5
    assert await run("SELECT * FROM import_state") == await run("SELECT * FROM bill_changes") == []


async def test_every_reader_of_bills_goes_by_the_state(
    sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        decided = await run("SELECT 1 FROM import_state WHERE decided")
        new = await registry.find_account_by_bill(("N0",), "2026-09", 30000 // 100) is not None
        changed = await registry.find_account_by_bill(("N0",), "2026-08", 200) is not None
        old = await registry.find_account_by_bill(("N0",), "2026-08", 100) is not None
        removed = await registry.find_account_by_bill(("N1500",), "2026-08", 100) is None
        assert {new, changed, not old, removed} == {bool(decided)}
        assert len(await registry.sample(5, "2026-09")) == (5 if decided else 0)

    Watched(monkeypatch, look)
    async with importing(sqlite, "bills") as begun:
        await compared(sqlite, begun)
        await begun.apply(now)


class Killed(BaseException):
    """Ends an import where a kill would: nothing is cleared up."""


@pytest.mark.parametrize("after", range(0, 22, 3))
async def test_what_a_killed_import_of_bills_left_is_undone_or_finished(
    sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    portions = 0

    async def look() -> None:
        nonlocal portions
        portions += 1
        if portions == after + 1:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(importer.Import, "abandon", _do_nothing)
        Watched(patched, look)
        with pytest.raises(Killed):
            async with importing(sqlite, "bills") as begun:
                await compared(sqlite, begun)
                await begun.apply(now)
    at_first = await seen()
    assert at_first in (OLD, NEW)
    await importer.recover(sqlite)
    assert await seen() == at_first
    assert await run("SELECT * FROM import_state") == await run("SELECT * FROM bill_changes") == []
    assert len(await run("SELECT id FROM bills")) == at_first[0]
    # And the same file again makes it whole.
    async with importing(sqlite, "bills") as begun:
        await begun.load(FILE)
        await begun.take_out_conflicts(20)
        await begun.begin_exclusive()
        await begun.compare(replace=True)
        await begun.apply(now)
    assert await seen() == NEW


async def _do_nothing(self: object) -> None:
    pass


async def test_a_killed_import_of_accounts_is_finished_from_its_file(
    sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(line, f"N{n}", "ул. Новая", "", "") for line, n in enumerate(range(1_000, 5_000))]

    async def look() -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(importer.Import, "abandon", _do_nothing)
        Watched(patched, look)
        with pytest.raises(Killed):
            async with importing(sqlite, "accounts") as begun:
                await begun.load(rows)
                await begun.take_out_conflicts(20)
                await begun.begin_exclusive()
                await begun.compare(replace=True)
                await begun.apply(now)
    folder = Path(sqlite.path).parent
    assert len(list(folder.glob("*.import-*"))) == 1
    assert len(await run("SELECT id FROM accounts")) == ACCOUNTS
    await importer.recover(sqlite)
    assert len(await run("SELECT id FROM accounts WHERE absent_since IS NULL")) == 4_000
    assert len(await run("SELECT id FROM accounts WHERE absent_since IS NOT NULL")) == 1_000
    assert {row["address"] for row in await run("SELECT address FROM accounts WHERE absent_since IS NULL")} == {
        "ул. Новая"
    }
    assert list(folder.glob("*.import-*")) == []


async def test_nobody_clears_up_after_a_living_import(sqlite: SQLite, now: datetime) -> None:
    async with importing(sqlite, "bills") as begun:
        await compared(sqlite, begun)
        assert isinstance(begun._tables, SQLiteStaging)
        await import_state.hide(begun._tables, "bills")
        await importer.recover(sqlite)
        assert len(await run("SELECT * FROM import_state")) == 1
        await import_state.end(begun._tables)
        await begun.apply(now)
    assert await seen() == NEW


@pytest.mark.parametrize("after", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("later", [0, 0.001, 0.01, 0.04])
async def test_a_cancelled_import_leaves_nothing(
    sqlite: SQLite, now: datetime, monkeypatch: pytest.MonkeyPatch, after: int, later: float
) -> None:
    async def whole() -> None:
        async with importing(sqlite, "bills") as begun:
            await compared(sqlite, begun)
            await begun.apply(now)

    task: asyncio.Task[None]
    portions = 0

    async def look() -> None:
        nonlocal portions
        portions += 1
        if portions == after:
            asyncio.get_running_loop().call_later(later, task.cancel)

    Watched(monkeypatch, look)
    task = asyncio.create_task(whole())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await seen() == OLD
    assert len(await run("SELECT id FROM bills")) == ACCOUNTS
    assert await run("SELECT * FROM import_state") == []
    assert list(Path(sqlite.path).parent.glob("*.import-*")) == []


async def test_a_dry_run_takes_no_lock_at_all(sqlite: SQLite) -> None:
    async with importing(sqlite, "bills") as begun:
        await compared(sqlite, begun)
        await asyncio.wait_for(run("UPDATE accounts SET address = 'meanwhile'"), 5)
    assert await seen() == OLD


def test_an_import_that_is_killed_is_undone_by_the_next_command(sqlite_template: Path, tmp_path: Path) -> None:
    """A real process and a real SIGKILL in the middle of the portions."""
    path = tmp_path / "kabinet.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    (tmp_path / "accounts.csv").write_text("account_number;address\n" + "".join(f"{n};a\n" for n in range(30_000)))
    (tmp_path / "bills.csv").write_text(
        "account_number;period;amount\n" + "".join(f"{n};2026-0{m};5\n" for m in range(1, 8) for n in range(30_000))
    )
    command = [sys.executable, "-c", "from routes.cli.registry import registry_group; registry_group()", "import"]
    environment = {"KABINET_DATABASE": f"sqlite:{path}", "KABINET_SECRET": SECRET, "PATH": ""}

    def bring(kind: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, kind, str(tmp_path / f"{kind}.csv")],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    assert bring("accounts").wait(120) == 0
    importing = bring("bills")
    connection = sqlite3.connect(path, timeout=30)
    while not connection.execute("SELECT count(*) FROM import_state").fetchone()[0]:
        assert importing.poll() is None
        time.sleep(0.01)  # nothing tells when another process has begun to write
    importing.send_signal(signal.SIGKILL)
    importing.wait(30)
    assert connection.execute("SELECT decided FROM import_state").fetchall() == [(0,)]
    assert bring("accounts").wait(120) == 0
    assert connection.execute("SELECT count(*) FROM import_state").fetchone()[0] == 0
    assert connection.execute("SELECT count(*) FROM bills").fetchone()[0] == 0
    assert list(tmp_path.glob("*.import-*")) == []
    connection.close()
