"""What a gateway says of a message after it has taken it, and which gateways come last for the next one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run
from db.migration_locks import locking

ID = "2026-11-23T16:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "receipts of gateways"

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN last_choice TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE outbox ADD COLUMN gateway_id_hash VARCHAR(64) NOT NULL DEFAULT ''",
    "ALTER TABLE outbox ADD COLUMN cost_kopecks INTEGER DEFAULT NULL",
    "ALTER TABLE outbox ADD COLUMN receipt_at TIMESTAMPTZ DEFAULT NULL",
    "ALTER TABLE one_time_codes ADD COLUMN message BIGINT DEFAULT NULL",
    "CREATE INDEX outbox_gateway ON outbox (gateway, settled_at) WHERE settled_at IS NOT NULL",
    "CREATE INDEX outbox_gateway_id ON outbox (gateway_id_hash) WHERE gateway_id_hash <> ''",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("outbox", "one_time_codes"))

    async def change():
        if bound().engine_type != "sqlite":
            # SQLite takes a text of any length. "undelivered" has eleven letters.
            await run("ALTER TABLE outbox ALTER COLUMN state TYPE VARCHAR(20)")
        for statement in STATEMENTS:
            await run(statement)

    manager.add_raw(change)
    return manager
