"""What the outbox claims by: which messages go first, which gateway has one, and indexes of what still waits.

The former indexes hold every message ever sent, and one of them nothing but its state.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-23T14:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "messages in order of urgency, and their gateways"

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE outbox ADD COLUMN gateway VARCHAR(60) NOT NULL DEFAULT ''",
    "ALTER TABLE outbox ADD COLUMN past TEXT NOT NULL DEFAULT ''",
    "DROP INDEX IF EXISTS outbox_state",
    "DROP INDEX IF EXISTS outbox_due",
    "CREATE INDEX outbox_waiting ON outbox (kind, priority, next_at, id) WHERE state = 'waiting'",
    "CREATE INDEX outbox_expiring ON outbox (kind, expires_at) WHERE state = 'waiting'",
    "CREATE INDEX outbox_sending ON outbox (kind, claimed_at) WHERE state = 'sending'",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("outbox"))

    async def change():
        for statement in STATEMENTS:
            await run(statement)

    manager.add_raw(change)
    return manager
