"""No database checks any more that the account of a bill or of an attachment is there.

The check of one row at a time took a quarter of the time of a million customers' import, and half of that of their
bills. Accounts are removed in one place only (`forget_absent` in db/registry.py), which takes their bills along and
leaves those alone that are attached to somebody.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run
from db.migration_locks import locking

ID = "2026-11-23T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "accounts that no foreign key points at"

TABLES = ("bills", "customer_accounts")
_REFERENCE = ' REFERENCES "accounts" ("id") ON DELETE CASCADE ON UPDATE CASCADE'


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("bills", "customer_accounts", "accounts"))

    async def drop():
        if bound().engine_type == "sqlite":
            await _rewrite_declarations()
        else:
            for table in TABLES:
                await run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_account_fkey")

    manager.add_raw(drop)
    return manager


async def _rewrite_declarations() -> None:
    """What https://sqlite.org/lang_altertable.html, section 7, allows for a constraint that goes."""
    (before,) = await run("PRAGMA schema_version")
    await run("PRAGMA writable_schema = ON")
    for table in TABLES:
        changed = await run(
            "UPDATE sqlite_master SET sql = replace(sql, {}, '') WHERE type = 'table' AND name = {}"
            " AND instr(sql, {}) > 0 RETURNING name",
            _REFERENCE, table, _REFERENCE,
        )  # fmt: skip
        if not changed:
            raise RuntimeError(f"The table {table} is not declared as the first migration declares it")
    # Every connection, this one too, reads the declarations anew.
    await run(f"PRAGMA schema_version = {before['schema_version'] + 1}")
    await run("PRAGMA writable_schema = OFF")
