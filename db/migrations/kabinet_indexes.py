"""Composite unique indexes, and what the outbox worker looks rows up by: plain SQL that both databases read."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-21T12:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "composite indexes"

INDEXES = (
    "CREATE UNIQUE INDEX bills_account_period ON bills (account, period)",
    "CREATE UNIQUE INDEX customer_accounts_once ON customer_accounts (customer, account)",
    "CREATE INDEX bills_period ON bills (period)",
    "CREATE INDEX outbox_due ON outbox (state, next_at)",
    "CREATE INDEX one_time_codes_of ON one_time_codes (purpose, phone_hash)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("bills", "customer_accounts", "outbox", "one_time_codes"))

    async def create():
        for index in INDEXES:
            await run(index)

    manager.add_raw(create)
    return manager
