"""What is said of a database, each fault beside what is right."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from db.diagnosis import PostgresFacts, SQLiteFacts
from db.engine import Engine, run
from domain.doctor.database import _of_postgres, _of_sqlite, look_at_database
from domain.doctor.finding import Finding
from domain.installation import require_secret, secret_hash_of
from domain.sealing import Sealing
from settings import Settings
from tests.conftest import SECRET

SEALING = Sealing(SECRET)
ROOM = 10 * 2**30


async def _found(settings: Settings) -> dict[str, Finding]:
    return {finding.about: finding async for finding in look_at_database(settings)}


async def test_a_sound_database_is_green(engine: Engine, settings: Settings) -> None:
    await require_secret(SEALING)
    found = await _found(settings)
    seen = {"version", "schema", "secret", "clock"}
    seen |= {"disk", "journal"} if engine.engine_type == "sqlite" else {"encryption", "connections"}
    assert {about: finding for about, finding in found.items() if finding.level == "red"} == {}
    assert {found[about].level for about in seen} <= {"green", "unknown"}
    assert all(finding.advice for finding in found.values() if finding.level in {"yellow", "red"})


async def test_schema_and_secret_are_judged(engine: Engine, settings: Settings) -> None:
    assert (await _found(settings))["secret"].level == "unknown"
    assert await run("SELECT id FROM installation") == [], "nothing was written"
    await run("INSERT INTO installation (id, secret_hash, probes) VALUES (1, {}, 0)", secret_hash_of(SEALING))
    other = settings.model_copy(update={"secret": "another" * 8})
    assert (await _found(other))["secret"].level == "red"
    newest = (await run("SELECT max(name) AS name FROM migration"))[0]["name"]
    await run("UPDATE migration SET name = '2999' WHERE name = {}", newest)
    assert (await _found(settings))["schema"].level == "yellow"
    await run("DELETE FROM migration WHERE name = '2999'")
    assert (await _found(settings))["schema"].level == "yellow"
    assert (await _found(settings.model_copy(update={"migrate": "off"})))["schema"].level == "red"


async def test_a_database_that_is_away_is_red_and_none_is_made(tmp_path: Path, postgres_uri: str) -> None:
    for database in (f"sqlite:{tmp_path}/none.sqlite", "postgresql://nobody@127.0.0.1:1/none"):
        settings = Settings(_env_file=None, database=database, secret=SECRET)  # type: ignore[call-arg]
        found = await _found(settings)
        assert [finding.level for finding in found.values()] == ["red"]
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - a folder of this test


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_what_the_role_may_not_do_is_named(engine: Engine, settings: Settings, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("CREATE ROLE poor LOGIN PASSWORD 'poor'")
        await connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO poor")
        _, _, rest = database.partition("@")
        poor = f"postgresql://poor:poor@{rest}" if rest else database.replace("postgres:", "poor:poor", 1)
        found = (await _found(settings.model_copy(update={"database": poor})))["privileges"]
    finally:
        await connection.execute("DROP OWNED BY poor; DROP ROLE poor")
        await connection.close()
    assert found.level == "red"
    assert "may not" in found.found
    assert (await _found(settings))["privileges"].level in {"green", "yellow"}


def _levels(findings: list[Finding]) -> dict[str, str]:
    return {finding.about: finding.level for finding in findings}


def _sqlite(**changed: object) -> dict[str, str]:
    sound = {"version": "3", "journal": "wal", "size": 2**20, "log_size": 0, "free": ROOM, "others_may": 0}
    return _levels(_of_sqlite(SQLiteFacts(**{**sound, **changed})))  # type: ignore[arg-type]


def test_a_file_in_trouble() -> None:
    assert set(_sqlite().values()) == {"green"}
    assert _sqlite(journal="delete")["journal"] == "red"
    assert _sqlite(log_size=2**30)["journal"] == "yellow"
    assert _sqlite(free=2**20)["disk"] == "red"
    assert _sqlite(size=2 * ROOM)["disk"] == "yellow"
    assert _sqlite(others_may=0o040)["file"] == "red"


def _postgres(mode: str = "production", **changed: object) -> dict[str, str]:
    sound = {
        "version": "17.2 (Debian)", "version_number": 170_002, "encoding": "UTF8", "address": "10.0.0.5",
        "tls": "TLSv1.3", "read_only": False, "superuser": False, "missing": (), "connections": 100, "size": 1,
        "behind_pooler": False,
    }  # fmt: skip
    settings = Settings(_env_file=None).model_copy(update={"mode": mode})  # type: ignore[call-arg]
    return _levels(_of_postgres(PostgresFacts(**{**sound, **changed}), settings))  # type: ignore[arg-type]


def test_a_server_in_trouble() -> None:
    assert set(_postgres().values()) == {"green", "unknown"}
    assert _postgres(version_number=120_000)["version"] == "red"
    assert _postgres(version_number=130_000)["version"] == "yellow"
    assert _postgres(tls="")["encryption"] == "red"
    assert _postgres("development", tls="")["encryption"] == "yellow"
    assert _postgres(tls="", address="")["encryption"] == _postgres(tls="", address="::1")["encryption"] == "green"
    assert _postgres(encoding="SQL_ASCII")["encoding"] == "red"
    assert _postgres(read_only=True)["writing"] == "red"
    assert _postgres(superuser=True)["privileges"] == "yellow"
    assert _postgres(missing=("UPDATE bills",))["privileges"] == "red"
    assert _postgres(connections=15)["connections"] == "yellow"
