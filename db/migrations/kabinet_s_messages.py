"""The outbox: whose a message is, so that the staff can tell a customer what has become of theirs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-24T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "whose a message is"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("outbox"))

    async def change():
        await run("ALTER TABLE outbox ADD COLUMN customer integer")
        await run("CREATE INDEX outbox_customer ON outbox (customer, id) WHERE customer IS NOT NULL")

    manager.add_raw(change)
    return manager
