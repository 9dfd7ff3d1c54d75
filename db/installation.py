"""The one row with the hash of this database's secret; it is also written to test whether writing works."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from db.engine import fetch_one, run, transaction
from db.secret_columns import SEALED
from db.tables import Installation


async def secret_hash() -> str | None:
    rows = await run("SELECT secret_hash FROM installation WHERE id = 1")
    return str(rows[0]["secret_hash"]) if rows else None


async def keep_secret_hash(value: str) -> None:
    """Save the hash, unless another process was faster."""
    async with transaction():
        await run("INSERT INTO installation (id, secret_hash, probes) VALUES (1, {}, 0) ON CONFLICT DO NOTHING", value)


async def next_secret_hash() -> str:
    """Empty while there is no other secret to come."""
    # Of every column: an earlier schema, which a backup reads as it is, has no such one.
    rows = await run("SELECT * FROM installation WHERE id = 1")
    return str(rows[0].get("next_secret_hash", "")) if rows else ""


async def begin_rotation(to: str, former: str) -> None:
    """Say which secret comes next, unless that was said before."""
    await Installation.update({Installation.next_secret_hash: to}).where(
        (Installation.id == 1) & (Installation.secret_hash == former) & (Installation.next_secret_hash == "")
    )


async def end_rotation(to: str) -> None:
    """Say that nothing is left of the former secret."""
    await Installation.update({Installation.secret_hash: to, Installation.next_secret_hash: ""}).where(
        (Installation.id == 1) & (Installation.next_secret_hash == to)
    )


async def newest_sealed() -> list[str]:
    """A sealed value of each table that has one."""
    found = []
    for table, column in SEALED:
        rows = await run(f"SELECT {column} AS sealed FROM {table} WHERE {column} <> '' ORDER BY id DESC LIMIT 1")
        found += [str(row["sealed"]) for row in rows]
    return found


class _BackedUpRow(TypedDict):
    backed_up_at: datetime | None


async def backed_up_at() -> datetime | None:
    row = await fetch_one(_BackedUpRow, "SELECT backed_up_at FROM installation WHERE id = 1")
    return row["backed_up_at"] if row else None


async def note_backup(now: datetime) -> None:
    """Save the time of a backup that has been written to its end."""
    await Installation.update({Installation.backed_up_at: now}).where(Installation.id == 1)


async def probe() -> None:
    """Read the schema and write, so that a full disk and a database that only reads are noticed."""
    await run("SELECT 1 AS one FROM migration LIMIT 1")
    await run("UPDATE installation SET probes = probes + 1 WHERE id = 1")
