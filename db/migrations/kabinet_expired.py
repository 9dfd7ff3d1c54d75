"""A message too old to be worth sending is `expired`, as codes and links are; it was `lapsed`."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-23T09:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "expired messages"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("outbox"))

    async def rename():
        await run("UPDATE outbox SET state = 'expired' WHERE state = 'lapsed'")

    manager.add_raw(rename)
    return manager
