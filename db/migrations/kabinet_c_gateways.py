"""What processes tell one another of gateways, and what the staff has been told of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run

ID = "2026-11-23T18:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "gateways and alerts"

TABLES = (
    "CREATE TABLE gateways (name VARCHAR(60) PRIMARY KEY NOT NULL, held_at TIMESTAMPTZ DEFAULT NULL,"
    " seen_at TIMESTAMPTZ DEFAULT NULL, set_aside_at TIMESTAMPTZ DEFAULT NULL,"
    " set_aside_until TIMESTAMPTZ DEFAULT NULL, reason VARCHAR(200) NOT NULL DEFAULT '',"
    " balance_kopecks BIGINT DEFAULT NULL)",
    "CREATE TABLE alerts (key VARCHAR(120) PRIMARY KEY NOT NULL, began_at TIMESTAMPTZ NOT NULL,"
    " seen_at TIMESTAMPTZ NOT NULL)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        for table in TABLES:
            await run(table)

    manager.add_raw(create)
    return manager
