"""The ledger of consents: every text that was shown, withdrawals, and sessions that a new text waits for."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run
from db.migration_locks import locking

ID = "2026-11-25T11:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "legal texts and withdrawals of consents"


def _statements(number: str) -> tuple[str, ...]:
    return (
        f"CREATE TABLE legal_texts (id {number}, kind varchar(20) NOT NULL, version varchar(20) NOT NULL,"
        " sha256 varchar(64) NOT NULL, text text NOT NULL, first_shown_at timestamptz NOT NULL)",
        "CREATE UNIQUE INDEX legal_texts_kind_sha256 ON legal_texts (kind, sha256)",
        f"CREATE TABLE consent_withdrawals (id {number}, phone_hash varchar(64) NOT NULL, versions text NOT NULL,"
        " withdrawn_at timestamptz NOT NULL)",
        "CREATE INDEX consent_withdrawals_phone_hash ON consent_withdrawals (phone_hash)",
        "ALTER TABLE sessions ADD COLUMN consent_due boolean NOT NULL DEFAULT false",
    )


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("sessions"))

    async def create():
        sqlite = bound().engine_type == "sqlite"
        number = "integer PRIMARY KEY AUTOINCREMENT NOT NULL" if sqlite else "serial PRIMARY KEY"
        for statement in _statements(number):
            await run(statement)

    manager.add_raw(create)
    return manager
