"""Connection requests: what has become of each, who works on it, and what was asked and answered."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run
from db.migration_locks import locking

ID = "2026-11-24T07:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "states of connection requests"

_COLUMNS = (
    "state varchar(10) NOT NULL DEFAULT 'new'",
    "version integer NOT NULL DEFAULT 0",
    "last_event varchar(50) NOT NULL DEFAULT ''",
    "staff integer",
    "customer integer",
    "account integer",
    "phone_hash varchar(64) NOT NULL DEFAULT ''",
    "reason_sealed text NOT NULL DEFAULT ''",
    "talk_sealed text NOT NULL DEFAULT ''",
)
_STATEMENTS = (
    *(f"ALTER TABLE connection_requests ADD COLUMN {column}" for column in _COLUMNS),
    # A request that the command has marked was dealt with by hand: how, nobody has said.
    "UPDATE connection_requests SET state = 'done' WHERE handled_at IS NOT NULL",
    "CREATE INDEX connection_requests_state ON connection_requests (state, id)",
    "CREATE INDEX connection_requests_phone ON connection_requests (phone_hash) WHERE phone_hash <> ''",
    "CREATE INDEX accounts_address ON accounts (substr(address, 1, 300))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(locking("connection_requests", "accounts"))

    async def change():
        for statement in _STATEMENTS:
            await run(statement)

    manager.add_raw(change)
    return manager
