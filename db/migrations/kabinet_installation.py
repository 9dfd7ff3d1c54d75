"""The row that says whose secret this database belongs to: plain SQL that both databases read."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run

ID = "2026-11-23T05:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "installation"

TABLE = (
    "CREATE TABLE installation (id INTEGER PRIMARY KEY, secret_hash VARCHAR(64) NOT NULL, probes BIGINT NOT NULL"
    " DEFAULT 0)"
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        await run(TABLE)

    manager.add_raw(create)
    return manager
