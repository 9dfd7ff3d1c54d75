"""The staff: who they are, how they get in, and the journal of what they do, which the database itself keeps."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run

ID = "2026-11-23T18:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "staff, their sessions and their journal"

_STAFF = "REFERENCES staff (id) ON DELETE CASCADE ON UPDATE CASCADE"
APPEND_ONLY = "the journal of the staff is append-only"


def _tables(serial: str, bigserial: str) -> tuple[str, ...]:
    return (
        f"CREATE TABLE staff (id {serial}, email_hash varchar(64) NOT NULL UNIQUE, email_sealed text NOT NULL,"
        " role varchar(10) NOT NULL, password_hash text, totp_sealed text, totp_step bigint NOT NULL DEFAULT 0,"
        " credentials integer NOT NULL DEFAULT 0, added_at timestamptz NOT NULL, removed_at timestamptz)",
        f"CREATE TABLE staff_links (staff integer PRIMARY KEY {_STAFF}, token_hash varchar(64) NOT NULL UNIQUE,"
        " expires_at timestamptz NOT NULL)",
        f"CREATE TABLE staff_passkeys (id {serial}, staff integer NOT NULL {_STAFF}, credential_id text NOT NULL UNIQUE,"
        " public_key text NOT NULL, sign_count bigint NOT NULL DEFAULT 0, added_at timestamptz NOT NULL)",
        "CREATE INDEX staff_passkeys_staff ON staff_passkeys (staff)",
        f"CREATE TABLE staff_recovery_codes (code_hash varchar(64) PRIMARY KEY, staff integer NOT NULL {_STAFF})",
        "CREATE INDEX staff_recovery_codes_staff ON staff_recovery_codes (staff)",
        f"CREATE TABLE staff_sessions (id {bigserial}, staff integer NOT NULL {_STAFF},"
        " token_hash varchar(64) NOT NULL UNIQUE, former_hash varchar(64) NOT NULL DEFAULT '', former_until timestamptz,"
        " progress_sealed text NOT NULL, credentials integer NOT NULL DEFAULT 0, proved_at timestamptz,"
        " confirmed_at timestamptz, created_at timestamptz NOT NULL, seen_at timestamptz NOT NULL,"
        " idle_until timestamptz NOT NULL, ends_at timestamptz NOT NULL, ip varchar(45) NOT NULL,"
        " user_agent varchar(300) NOT NULL)",
        "CREATE INDEX staff_sessions_staff ON staff_sessions (staff)",
        "CREATE INDEX staff_sessions_ends ON staff_sessions (ends_at)",
        "CREATE INDEX staff_sessions_former ON staff_sessions (former_hash) WHERE former_hash <> ''",
        "CREATE TABLE staff_journal (number bigint PRIMARY KEY, at timestamptz NOT NULL, staff integer, customer integer,"
        " event varchar(50) NOT NULL, subject varchar(60) NOT NULL, reason_sealed text NOT NULL, ip varchar(45) NOT NULL,"
        " hash_before varchar(64) NOT NULL, hash varchar(64) NOT NULL)",
        "CREATE TABLE staff_journal_end (id integer PRIMARY KEY, number bigint NOT NULL, hash varchar(64) NOT NULL)",
    )


_POSTGRES_TRIGGERS = (
    "CREATE FUNCTION refuse_change_of_journal() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$",
    "CREATE TRIGGER staff_journal_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_journal"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_journal()",
)
_SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER staff_journal_kept_{act.lower()} BEFORE {act} ON staff_journal"
    f" BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
    for act in ("UPDATE", "DELETE")
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        if bound().engine_type == "sqlite":
            number = "integer PRIMARY KEY AUTOINCREMENT NOT NULL"
            statements = (*_tables(number, number), *_SQLITE_TRIGGERS)
        else:
            statements = (*_tables("serial PRIMARY KEY", "bigserial PRIMARY KEY"), *_POSTGRES_TRIGGERS)
        for statement in statements:
            await run(statement)

    manager.add_raw(create)
    return manager
