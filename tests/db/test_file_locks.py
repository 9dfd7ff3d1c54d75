"""The locks on a file of SQLite that tell other processes that it is in use."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from db.sqlite import SQLite


async def test_a_second_engine_on_one_file_leaves_the_locks_of_the_first(sqlite_template: Path, tmp_path: Path) -> None:
    """Without them another process takes itself for the last one as it closes, and removes the log."""
    path = tmp_path / "kabinet.sqlite"
    shutil.copy(sqlite_template, path)
    first, second = SQLite(str(path)), SQLite(str(path))
    await first.open()
    await first.run_ddl("INSERT INTO accounts (number, address) VALUES ('1', '')")
    await second.open()
    await second.close()
    reader = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM accounts'); c.close()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", reader, str(path))
    assert await process.wait() == 0
    assert path.with_name(f"{path.name}-wal").exists()
    await first.close()
