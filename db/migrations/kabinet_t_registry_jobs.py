"""Registry files that the staff have sent: what was found in each, and what has become of it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run

ID = "2026-11-25T07:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "registry files sent by the staff"


def _statements(number: str) -> tuple[str, ...]:
    return (
        f"CREATE TABLE registry_jobs (id {number}, staff integer NOT NULL, created_at timestamptz NOT NULL,"
        " kind varchar(20) NOT NULL DEFAULT '', file varchar(255) NOT NULL DEFAULT '',"
        " sha256 varchar(64) NOT NULL DEFAULT '', size bigint NOT NULL DEFAULT 0,"
        " replacing boolean NOT NULL DEFAULT false, skip_bad boolean NOT NULL DEFAULT false,"
        " allow_removing integer NOT NULL DEFAULT 0, state varchar(10) NOT NULL, attempts integer NOT NULL DEFAULT 0,"
        " claim varchar(64) NOT NULL DEFAULT '', claimed_until timestamptz, done bigint NOT NULL DEFAULT 0,"
        " total bigint NOT NULL DEFAULT 0, report text NOT NULL DEFAULT '', error varchar(300) NOT NULL DEFAULT '',"
        " ended_at timestamptz)",
        "CREATE INDEX registry_jobs_waiting ON registry_jobs (id) WHERE state IN ('check', 'load')",
        f"CREATE TABLE registry_job_parts (id {number}, job integer NOT NULL, sealed text NOT NULL)",
        "CREATE INDEX registry_job_parts_job ON registry_job_parts (job, id)",
    )


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        sqlite = bound().engine_type == "sqlite"
        number = "integer PRIMARY KEY AUTOINCREMENT NOT NULL" if sqlite else "serial PRIMARY KEY"
        for statement in _statements(number):
            await run(statement)

    manager.add_raw(create)
    return manager
