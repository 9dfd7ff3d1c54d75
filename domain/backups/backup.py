"""A backup: one moment of the database, as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from db import installation
from db.contents import Progress, snapshot
from db.engine import Engine
from domain.backups.archive import Manifest, write_archive
from domain.backups.whole_file import whole_file
from domain.sealing import Sealing


async def back_up(engine: Engine, path: Path, sealing: Sealing, now: datetime, progress: Progress) -> Manifest:
    """Write what `engine` holds to a new file. Raises ArchiveError where that cannot be done."""
    with whole_file(path) as file:
        async with snapshot(engine) as contents:
            schema = await contents.migrations()
            manifest = await write_archive(path, file, contents, schema, now, sealing, progress)
    # A schema of an earlier release has no place for it.
    if any(table.name == "installation" and "backed_up_at" in dict(table.columns) for table in manifest.tables):
        await installation.note_backup(now)
    return manifest
