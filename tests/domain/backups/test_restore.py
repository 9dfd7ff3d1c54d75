"""What a backup is restored to: the same rows on whichever database, and nothing where something is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from db.contents import require_empty
from db.engine import Engine, make_engine, opened, run
from db.migrate import SchemaError, applied_migrations, known_migrations, migrating, run_migrations
from db.shapes import KEYS, ContentsError
from domain.backups.archive import opened_archive
from domain.backups.backup import back_up
from domain.backups.target import check_target, fill_target
from domain.installation import opened_installation, secret_hash_of
from domain.sealing import Sealing
from settings import Settings
from tests.conftest import NOW, SECRET
from tests.databases import empty_postgres
from tests.db.filled import LAST_NUMBER, everything, fill_every_table

SEALING = Sealing(SECRET)
NEVER_AGAIN = ("customers", "accounts", "consents", "sessions", "connection_requests")


def quiet(_rows: int) -> None:
    pass


async def backed_up(engine: Engine, path: Path) -> Path:
    await back_up(engine, path, SEALING, NOW, quiet)
    return path


async def restored(settings: Settings, path: Path) -> None:
    with opened_archive(path, SEALING) as archive:
        await archive.check(quiet)
        await check_target(settings, archive.manifest.schema)
        await fill_target(settings, archive, archive.manifest.schema, quiet)


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a database that has no schema yet."""
    if request.param == "sqlite":
        database = f"sqlite:{tmp_path}/restored.sqlite"
    else:
        database = asyncio.run(empty_postgres(request.getfixturevalue("postgres_uri")))
    return Settings(_env_file=None, database=database, secret=SECRET)  # type: ignore[call-arg]


async def test_every_row_comes_back_on_either_database(engine: Engine, target: Settings, tmp_path: Path) -> None:
    await fill_every_table(secret_hash_of(SEALING))
    wanted = await everything()
    assert {table for table, rows in wanted.items() if not rows} == {"bill_changes", "import_state"}
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    await restored(target, path)
    async with opened(make_engine(target.database)) as there:
        assert await everything() == wanted
        assert await applied_migrations() == known_migrations()
        for table in NEVER_AGAIN:
            # The highest ones were removed before the backup.
            assert await _added(there, table) == LAST_NUMBER + 1, table


async def _added(engine: Engine, table: str) -> int:
    columns = {
        "customers": "phone_hash", "accounts": "number", "consents": "phone_hash", "sessions": "token_hash",
        "connection_requests": "sealed",
    }  # fmt: skip
    times = {"customers": "registered_at", "consents": "given_at", "connection_requests": "created_at"}
    named = ["created_at", "seen_at", "idle_until", "ends_at"] if table == "sessions" else [times.get(table)]
    names = [columns[table], *filter(None, named)]
    values = ["another", *([NOW] * (len(names) - 1))]
    marks = ", ".join("{}" for _ in names)
    (row,) = await run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) RETURNING id", *values)
    return int(row["id"])


async def test_a_database_that_was_only_started_is_empty(engine: Engine, target: Settings, tmp_path: Path) -> None:
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    async with opened(make_engine(target.database)) as there:
        async with migrating(there):
            await run_migrations()
        await run("INSERT INTO installation (id, secret_hash, probes) VALUES (1, {}, 5)", secret_hash_of(SEALING))
    await restored(target, path)
    await restored(target, path)


# The journal of the staff refuses the removal of its rows.
JOURNAL_UNPROTECTED = {
    "sqlite": "DROP TRIGGER staff_journal_kept_delete",
    "postgres": "DROP TRIGGER staff_journal_kept ON staff_journal",
}


async def test_a_database_with_a_row_in_any_table_is_left_alone(engine: Engine, database: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, database=database, secret=SECRET)  # type: ignore[call-arg]
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    await fill_every_table(secret_hash_of(SEALING), but=())
    before = await everything()
    with pytest.raises(ContentsError, match="it is not empty: there are rows in "):
        await restored(settings, path)
    assert await everything() == before
    # What is pointed at goes last, as in TABLES it comes first.
    for table in [name for name in reversed(KEYS) if name != "installation"]:
        with pytest.raises(ContentsError, match="it is not empty: there are rows in "):
            await require_empty(engine)
        if table == "staff_journal":
            await run(JOURNAL_UNPROTECTED[engine.engine_type])
        await run(f"DELETE FROM {table}")
    await restored(settings, path)


# --- Schemas ---


async def test_a_backup_of_an_earlier_release_is_brought_up_to_date(target: Settings, tmp_path: Path) -> None:
    """Its rows go in under the schema that they had, and go through the migrations that came after."""
    earlier = sorted(known_migrations())[:-3]
    source = make_engine(f"sqlite:{tmp_path}/earlier.sqlite")
    async with opened(source), migrating(source):
        await run_migrations(earlier[-1])
        await run("INSERT INTO accounts (number, address) VALUES ('7', 'ул. Тихая')")
        path = await backed_up(source, tmp_path / "kabinet.zip")
    await restored(target, path)
    async with opened_installation(target):
        assert await applied_migrations() == known_migrations()
        assert [row["address"] for row in await run("SELECT address FROM accounts")] == ["ул. Тихая"]


async def test_a_schema_that_does_not_fit_is_refused(engine: Engine, target: Settings, tmp_path: Path) -> None:
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    with opened_archive(path, SEALING) as archive:
        schema = list(archive.manifest.schema)
    for wrong in ([*schema, "2999-01-01"], schema[1:], [], [*schema[:3], *schema[4:]]):
        with pytest.raises(SchemaError, match="what it would be filled with"):
            await check_target(target, wrong)
    async with opened(make_engine(target.database)) as there, migrating(there):
        await run_migrations()
    with pytest.raises(SchemaError, match="newer than what it would be filled with"):
        await check_target(target, schema[:-1])
