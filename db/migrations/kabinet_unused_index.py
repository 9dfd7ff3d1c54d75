"""No query finds a customer by their e-mail: an index on its hash cost an import a tenth of its time and served nobody."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-23T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "no index that serves no query"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("customers"))

    async def drop():
        await run("DROP INDEX IF EXISTS customers_email_hash")

    manager.add_raw(drop)
    return manager
