"""What a counter holds now, and the sums of the journal: plain SQL that both databases read.

`throttles.started_at` and `last_at` are no longer written or read; their defaults fill them in.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-23T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "counters without times to compare; repeated events summed"

STATEMENTS = (
    "ALTER TABLE throttles ADD COLUMN most INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE throttles ADD COLUMN full_until TIMESTAMPTZ DEFAULT NULL",
    "ALTER TABLE throttles ADD COLUMN free_at TIMESTAMPTZ DEFAULT NULL",
    "ALTER TABLE journal ADD COLUMN times INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE journal ADD COLUMN sum_key VARCHAR(64) DEFAULT NULL",
    "CREATE UNIQUE INDEX journal_sum_key ON journal (sum_key)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("throttles", "journal"))

    async def change():
        for statement in STATEMENTS:
            await run(statement)

    manager.add_raw(change)
    return manager
