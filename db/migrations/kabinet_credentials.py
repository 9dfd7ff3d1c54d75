"""Versions of a customer's credentials, former ids of sessions, and codes that have been used."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-23T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "credential versions"

STATEMENTS = (
    "ALTER TABLE customers ADD COLUMN credentials INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN credentials INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN former_hash VARCHAR(64) NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN former_until TIMESTAMPTZ NULL",
    "ALTER TABLE one_time_codes ADD COLUMN used_by VARCHAR(64) NOT NULL DEFAULT ''",
    "ALTER TABLE email_links ADD COLUMN credentials INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE card_links ADD COLUMN credentials INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX sessions_former_hash ON sessions (former_hash)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("customers", "sessions", "one_time_codes", "email_links", "card_links"))

    async def alter():
        for statement in STATEMENTS:
            await run(statement)

    manager.add_raw(alter)
    return manager
