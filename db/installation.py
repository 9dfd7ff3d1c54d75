"""The one row with the hash of this database's secret; it is also written to test whether writing works."""

from __future__ import annotations

from db.engine import run, transaction

# Columns whose sealed values can tell whether a secret is the right one.
_SEALED = (
    ("customers", "phone_sealed"),
    ("connection_requests", "sealed"),
    ("email_links", "email_sealed"),
    ("card_links", "email_sealed"),
    ("sessions", "progress_sealed"),
    ("outbox", "sealed"),
)


async def secret_hash() -> str | None:
    rows = await run("SELECT secret_hash FROM installation WHERE id = 1")
    return str(rows[0]["secret_hash"]) if rows else None


async def keep_secret_hash(value: str) -> None:
    """Save the hash, unless another process was faster."""
    async with transaction():
        await run("INSERT INTO installation (id, secret_hash, probes) VALUES (1, {}, 0) ON CONFLICT DO NOTHING", value)


async def newest_sealed() -> list[str]:
    """A sealed value of each table that has one."""
    found = []
    for table, column in _SEALED:
        rows = await run(f"SELECT {column} AS sealed FROM {table} WHERE {column} <> '' ORDER BY id DESC LIMIT 1")
        found += [str(row["sealed"]) for row in rows]
    return found


async def probe() -> None:
    """Read the schema and write, so that a full disk and a database that only reads are noticed."""
    await run("SELECT 1 AS one FROM migration LIMIT 1")
    await run("UPDATE installation SET probes = probes + 1 WHERE id = 1")
