"""For machines: is the process alive, and can it reach its database."""

from __future__ import annotations

from litestar import MediaType, get

from db.engine import run


@get("/health/live", media_type=MediaType.TEXT, sync_to_thread=False)
def live() -> str:
    return "alive\n"


@get("/health/ready", media_type=MediaType.TEXT)
async def ready() -> str:
    """A fault of the database ends in faults.py as 503."""
    await run("SELECT 1 AS one FROM migration")
    return "ready\n"


handlers = [live, ready]
