"""A folder that registry files come into."""

from __future__ import annotations

import asyncio
import fcntl
from datetime import datetime
from pathlib import Path

import pytest

from db import imports
from db.engine import Engine, run
from domain.portal import Portal
from domain.registry.file_import import Options
from domain.registry.folder import FolderError, WatchedFolder
from routes.cli.registry_output import lines_of
from tests.conftest import NOW

ACCOUNTS = "account_number;address;owner_key\n1;ул. Тихая, 5;O1\n2;ул. Тихая, 6;O2\n"
BILLS = "account_number;period;amount\n1;2026-08;100,00\n"
DAMAGED = "account_number;period;amount\n9;2026-08;100,00\n"


async def clock() -> datetime:
    return NOW


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def look(engine: Engine, portal: Portal, folder: Path, quiet: float = 0) -> list[str]:
    said: list[str] = []
    await WatchedFolder(folder, quiet, lines_of).look(engine, portal, Options(), clock, said.append)
    return said


async def test_complete_files_are_imported_in_order_and_put_away(
    engine: Engine, portal: Portal, tmp_path: Path
) -> None:
    files = {
        "bills.csv": BILLS, "Accounts-09.csv": ACCOUNTS, "bills-wrong.csv": DAMAGED, "cards.csv": "nothing",
        "accounts.csv.part": ACCOUNTS, ".accounts.csv": ACCOUNTS, "billsheet.csv": BILLS, "readme.txt": "x",
        "customers.csv": "",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert await look(engine, portal, tmp_path, quiet=3600) == []
    said = await look(engine, portal, tmp_path)
    assert said[0] == "Accounts-09.csv: 2 added, 0 changed, 0 unchanged, 0 removed, 0 skipped"
    assert [line.split(",")[0].split(":")[0] for line in said] == [
        "Accounts-09.csv", "bills-wrong.csv", "bills.csv", "cards.csv",
    ]  # fmt: skip
    left = names_in(tmp_path) - {"done", "failed"}
    assert left == {*files, ".kabinet-watch.lock"} - {"bills.csv", "Accounts-09.csv", "bills-wrong.csv", "cards.csv"}
    stamp = "20260915T113000.000000Z-"
    assert (tmp_path / "done" / f"{stamp}bills.csv").read_text() == BILLS
    failed = (tmp_path / "failed" / f"{stamp}bills-wrong.csv.report.txt").read_text()
    assert failed.splitlines() == [
        "bills-wrong.csv, line 2, account_number: no such account", "bills-wrong.csv: nothing was imported",
    ]  # fmt: skip
    assert await look(engine, portal, tmp_path) == []
    rows = [(row["file"], row["done"], row["added"], len(row["sha256"])) for row in await imports.newest(9)]
    assert rows == [
        ("cards.csv", False, 0, 64), ("bills.csv", True, 1, 64), ("bills-wrong.csv", False, 0, 64),
        ("Accounts-09.csv", True, 2, 64),
    ]  # fmt: skip


async def test_of_two_watchers_one_imports(engine: Engine, portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    with (tmp_path / ".kabinet-watch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert await look(engine, portal, tmp_path) == []
    said = await asyncio.gather(*(look(engine, portal, tmp_path) for _ in range(2)))
    assert sorted(map(len, said)) == [0, 1]
    assert len(await run("SELECT id FROM imports")) == 1


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="cannot be watched"):
        WatchedFolder(tmp_path / "nowhere", 0, lines_of)
    assert not list(tmp_path.iterdir())
