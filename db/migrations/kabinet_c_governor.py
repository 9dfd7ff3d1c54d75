"""Codes sent and typed, and how far codes are held back because of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run

ID = "2026-11-24T06:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "governor of codes"

STATEMENTS = (
    "CREATE TABLE governor_counts (id VARCHAR(100) PRIMARY KEY NOT NULL, subject VARCHAR(64) NOT NULL,"
    " hour TIMESTAMPTZ NOT NULL, sent INTEGER NOT NULL DEFAULT 0, typed INTEGER NOT NULL DEFAULT 0,"
    " held INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX governor_counts_subject ON governor_counts (subject, hour)",
    "CREATE INDEX governor_counts_hour ON governor_counts (hour)",
    "CREATE TABLE governor_steps (subject VARCHAR(64) PRIMARY KEY NOT NULL, kind VARCHAR(20) NOT NULL,"
    " name VARCHAR(60) NOT NULL, step INTEGER NOT NULL, told INTEGER NOT NULL, since TIMESTAMPTZ NOT NULL)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        for statement in STATEMENTS:
            await run(statement)

    manager.add_raw(create)
    return manager
