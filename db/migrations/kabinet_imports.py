"""Accounts that are absent, customers who came by import, imports in portions, and an index for each foreign key."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run
from db.migration_locks import locking

ID = "2026-11-23T04:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "absent accounts, imported customers, imports in portions"

STATEMENTS = (
    "ALTER TABLE accounts ADD COLUMN absent_since timestamptz DEFAULT NULL",
    "CREATE INDEX accounts_absent ON accounts (absent_since) WHERE absent_since IS NOT NULL",
    "ALTER TABLE customers ADD COLUMN imported boolean NOT NULL DEFAULT false",
    # Of those who are here already only these are sure to have come by an import.
    "UPDATE customers SET imported = true WHERE password_hash IS NULL AND password_until IS NULL"
    " AND login_hash IS NULL AND NOT EXISTS (SELECT 1 FROM customer_holders t WHERE t.customer = customers.id)"
    " AND NOT EXISTS (SELECT 1 FROM consents t WHERE t.customer = customers.id)",
    "CREATE TABLE account_losses (attachment integer PRIMARY KEY"
    " REFERENCES customer_accounts (id) ON DELETE CASCADE ON UPDATE CASCADE, lost_at timestamptz NOT NULL)",
    "CREATE TABLE import_state (id integer PRIMARY KEY, kind varchar(20) NOT NULL, decided boolean NOT NULL,"
    " last_bill bigint NOT NULL, changes varchar(255) NOT NULL, at varchar(40) NOT NULL)",
    "CREATE INDEX journal_of_customer ON journal (customer, id)",
    "CREATE INDEX email_links_customer ON email_links (customer)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("accounts", "customers", "customer_accounts", "journal", "email_links"))

    async def change():
        for statement in STATEMENTS:
            await run(statement)
        # On SQLite an integer key is the row's own number and needs no index.
        number = "integer" if bound().engine_type == "sqlite" else "bigint"
        await run(f"CREATE TABLE bill_changes (bill {number} PRIMARY KEY, amount_kopecks bigint)")

    manager.add_raw(change)
    return manager
