"""Several processes that find an empty database at once: one brings the schema up, the others wait."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

import asyncpg
import pytest

from db.engine import make_engine, opened, run
from db.migrate import migrate
from tests.conftest import SECRET
from tests.databases import empty_postgres

ROOT = Path(__file__).parents[2]
STARTS = 4


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/kabinet.sqlite"
    return asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri")))


async def _starts(database: str, *words: str) -> list[tuple[int | None, str]]:
    """`litestar registry …` in as many processes at once: exit code and what was said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KABINET_")}
    code = "import sys; sys.stdin.read(1); from routes.cli.registry import registry_group; registry_group()"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", code, *words,
            cwd=ROOT, env={**kept, "KABINET_DATABASE": database, "KABINET_SECRET": SECRET},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(STARTS)
    ]  # fmt: skip
    said = await asyncio.wait_for(asyncio.gather(*(process.communicate(b"x") for process in processes)), 60)
    return [(process.returncode, text.decode()) for process, (text, _) in zip(processes, said, strict=True)]


async def test_all_of_them_find_the_schema_and_load_one_company(empty_database: str) -> None:
    ended = await _starts(empty_database, "demo", "--if-empty")
    assert {code for code, _ in ended} == {0}, ended
    async with opened(make_engine(empty_database)):
        applied = [row["name"] for row in await run("SELECT name FROM migration")]
        assert len(applied) == len(set(applied)) == len(list((ROOT / "db" / "migrations").glob("kabinet_*.py")))
        assert (await run("SELECT count(*) AS n FROM accounts"))[0]["n"] == 500
        assert (await run("SELECT count(*) AS n FROM bills"))[0]["n"] == 1500
        assert (await run("SELECT count(*) AS n FROM cards"))[0]["n"] == 40


async def test_a_database_that_is_not_there_is_told_in_a_line(postgres_uri: str, tmp_path: Path) -> None:
    missing = postgres_uri.replace("/postgres?", "/nowhere?")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(missing)
    (tmp_path / "file.sqlite").write_bytes(b"this is no database" * 100)
    for database in (missing, f"sqlite:{tmp_path}/file.sqlite"):
        for code, said in await _starts(database, "demo"):
            assert code == 1
            assert len(said.strip().splitlines()) == 1, said
            assert "database" in said


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    async with opened(make_engine(f"sqlite:{tmp_path}/kabinet.sqlite")) as engine:
        await migrate(engine)
        modes = _modes(tmp_path)
    assert {"kabinet.sqlite", "kabinet.sqlite-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}
