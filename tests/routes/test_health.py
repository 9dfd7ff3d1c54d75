"""For machines: alive, and ready when the database is."""

from __future__ import annotations

from db.engine import run
from tests.browser import Browser


async def test_alive_and_ready(client: Browser) -> None:
    assert (await client.get("/health/live")).text == "alive\n"
    assert (await client.get("/health/ready")).text == "ready\n"


async def test_not_ready_without_a_schema_but_alive(client: Browser) -> None:
    await run("ALTER TABLE migration RENAME TO migration_away")
    assert (await client.get("/health/ready")).status_code in {500, 503}
    assert (await client.get("/health/live")).status_code == 200
