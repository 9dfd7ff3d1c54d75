"""Rows for an import, as if they stood in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from db.engine import Engine, run
from domain.portal import Portal
from domain.registry.importing import Report, import_rows
from domain.registry.kinds import kinds
from domain.registry.rows import BadRow, Row

PERSON = ("+79000000001", "Ким", "Вера", "", "01.02.1990", "Kim@Example.org", "1|2")


class Registry:
    """Imports rows as if they stood in a file from its second line on."""

    def __init__(self, engine: Engine, portal: Portal, now: datetime) -> None:
        self._engine = engine
        self._now = now
        self.sealing = portal.sealing
        self.kinds = kinds(portal.sealing, ("RU",), now.date())

    async def bring(self, kind: str, *rows: Sequence[str], **options: Any) -> Report:
        lines: Iterator[Row | BadRow] = enumerate(rows, 2)
        return await import_rows(self._engine, self.kinds[kind], lines, self._now, **options)

    async def counts(self, kind: str, *rows: Sequence[str], **options: Any) -> tuple[int, ...]:
        """Added, changed, unchanged, removed, skipped."""
        report = await self.bring(kind, *rows, **options)
        assert report.done
        return (report.added, report.changed, report.unchanged, report.removed, report.skipped)


async def content(table: str, columns: str = "*") -> list[dict[str, Any]]:
    return list(await run(f"SELECT {columns} FROM {table} ORDER BY id"))
