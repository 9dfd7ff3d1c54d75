"""Rows that have been kept for as long as the settings say: removed a portion at a time, the oldest first.

Each returns whether it has removed anything.
"""

from __future__ import annotations

from datetime import datetime

from db.engine import run


async def forget_messages(before: datetime, portion: int) -> bool:
    """Settled ones. They come in the order of their numbers, near enough: only the first are looked at."""
    return bool(
        await run(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM"
            " (SELECT id, settled_at FROM outbox ORDER BY id LIMIT {}) AS oldest WHERE settled_at < {}) RETURNING id",
            portion, before,
        )
    )  # fmt: skip


async def forget_bills(before: str, portion: int) -> bool:
    """Those of periods before this one."""
    return bool(
        await run(
            "DELETE FROM bills WHERE id IN (SELECT id FROM bills WHERE period < {} ORDER BY period LIMIT {})"
            " RETURNING id",
            before, portion,
        )
    )  # fmt: skip


async def forget_requests(before: datetime, portion: int) -> bool:
    """Connection requests that were handled."""
    return bool(
        await run(
            "DELETE FROM connection_requests WHERE id IN"
            " (SELECT id FROM connection_requests WHERE handled_at < {} ORDER BY id LIMIT {}) RETURNING id",
            before, portion,
        )
    )  # fmt: skip


async def forget_imports(before: datetime, portion: int) -> bool:
    return bool(
        await run(
            "DELETE FROM imports WHERE id IN (SELECT id FROM imports WHERE at < {} ORDER BY at LIMIT {}) RETURNING id",
            before, portion,
        )
    )  # fmt: skip
