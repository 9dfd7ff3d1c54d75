"""The secret that a database is being brought to, while it still has rows of the former one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-24T05:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the next secret"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("installation"))

    async def change():
        await run("ALTER TABLE installation ADD COLUMN next_secret_hash varchar(64) NOT NULL DEFAULT ''")

    manager.add_raw(change)
    return manager
