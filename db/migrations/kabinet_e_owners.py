"""Owners of accounts, attachments that end with them, and the history of imports."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run
from db.migration_locks import locking

ID = "2026-11-24T05:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "owners of accounts, and the history of imports"

_STATEMENTS = (
    "ALTER TABLE accounts ADD COLUMN owner_key varchar(100) NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN owner_since varchar(7) NOT NULL DEFAULT ''",
    "CREATE TABLE account_ends (id {serial},"
    " customer integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE,"
    " account integer NOT NULL DEFAULT 0, ended_at timestamptz NOT NULL)",
    "CREATE INDEX account_ends_customer ON account_ends (customer)",
    "CREATE TABLE imports (id {serial}, at timestamptz NOT NULL, kind varchar(20) NOT NULL DEFAULT '',"
    " who varchar(100) NOT NULL DEFAULT '', file varchar(255) NOT NULL DEFAULT '',"
    " sha256 varchar(64) NOT NULL DEFAULT '', done boolean NOT NULL, added integer NOT NULL DEFAULT 0,"
    " changed integer NOT NULL DEFAULT 0, unchanged integer NOT NULL DEFAULT 0, removed integer NOT NULL DEFAULT 0,"
    " skipped integer NOT NULL DEFAULT 0)",
    "CREATE INDEX imports_at ON imports (at)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("accounts", "customers"))

    async def change():
        sqlite = bound().engine_type == "sqlite"
        serial = "integer PRIMARY KEY NOT NULL" if sqlite else "bigserial PRIMARY KEY"
        for statement in _STATEMENTS:
            await run(statement.replace("{serial}", serial))

    manager.add_raw(change)
    return manager
