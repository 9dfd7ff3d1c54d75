"""When the last backup was made, for whoever watches that there are backups."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-24T05:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the time of the last backup"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("installation"))

    async def change():
        await run("ALTER TABLE installation ADD COLUMN backed_up_at timestamptz DEFAULT NULL")

    manager.add_raw(change)
    return manager
