"""What people do in the portal, counted by the hour without saying who."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run

ID = "2026-11-25T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "counts of use, by the hour"

_STATEMENTS = (
    "CREATE TABLE usage_counts (id varchar(200) PRIMARY KEY, what varchar(20) NOT NULL, name varchar(100) NOT NULL,"
    " hour timestamptz NOT NULL, rolled boolean NOT NULL DEFAULT false, times bigint NOT NULL DEFAULT 0)",
    # Everything that the summary reads of a period.
    "CREATE INDEX usage_counts_period ON usage_counts (what, hour, name, times)",
    "CREATE INDEX usage_counts_unrolled ON usage_counts (hour) WHERE NOT rolled",
    "CREATE INDEX usage_counts_hour ON usage_counts (hour)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        for statement in _STATEMENTS:
            await run(statement)

    manager.add_raw(create)
    return manager
