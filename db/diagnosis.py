"""What a database says of itself, for the operator: facts, not judgements."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

from db.engine import Engine, run
from db.shapes import KEYS
from db.sqlite import SQLite


@dataclass(frozen=True)
class SQLiteFacts:
    """Sizes in bytes; `others_may` are the permissions that others than the file's owner have."""

    version: str
    journal: str
    size: int
    log_size: int
    free: int
    others_may: int


@dataclass(frozen=True)
class PostgresFacts:
    """`address` is the server's as it sees itself, empty for a unix socket; `missing` what the role may not do."""

    version: str
    version_number: int
    encoding: str
    address: str
    tls: str
    read_only: bool
    superuser: bool
    missing: tuple[str, ...]
    connections: int
    size: int
    behind_pooler: bool


Facts = SQLiteFacts | PostgresFacts


async def facts(engine: Engine) -> Facts:
    """Of the open and bound `engine`, whatever schema it has."""
    return await _of_sqlite(engine) if isinstance(engine, SQLite) else await _of_postgres(engine.behind_pooler)


async def _of_sqlite(engine: SQLite) -> SQLiteFacts:
    (journal,) = await run("PRAGMA journal_mode")
    return _of_file(Path(engine.path), str(journal["journal_mode"]))


def _of_file(path: Path, journal: str) -> SQLiteFacts:
    log = path.with_name(f"{path.name}-wal")
    return SQLiteFacts(
        version=sqlite3.sqlite_version,
        journal=journal,
        size=path.stat().st_size,
        log_size=log.stat().st_size if log.is_file() else 0,
        free=shutil.disk_usage(path.absolute().parent).free,
        others_may=path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO),
    )


_SERVER = """
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        current_setting('server_encoding') AS encoding, COALESCE(host(inet_server_addr()), '') AS address,
        COALESCE((SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl), '') AS tls,
        pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS read_only,
        current_setting('is_superuser') = 'on' AS superuser,
        current_setting('max_connections')::int AS connections,
        pg_database_size(current_database()) AS size
"""
_OF_THE_DATABASE = """
    SELECT has_schema_privilege(current_schema(), 'CREATE') AS "make tables",
        has_database_privilege(current_database(), 'TEMPORARY') AS "make temporary tables, as imports do"
"""
_OF_A_TABLE = "has_table_privilege(to_regclass('{table}'), '{privilege}')"


async def _of_postgres(behind_pooler: bool) -> PostgresFacts:
    (server,) = await run(_SERVER)
    return PostgresFacts(
        version=server["version"],
        version_number=server["number"],
        encoding=server["encoding"],
        address=server["address"],
        tls=server["tls"],
        read_only=server["read_only"],
        superuser=server["superuser"],
        missing=await _missing_privileges(),
        connections=server["connections"],
        size=server["size"],
        behind_pooler=behind_pooler,
    )


async def _missing_privileges() -> tuple[str, ...]:
    (database,) = await run(_OF_THE_DATABASE)
    asked = {
        f"{privilege} {table}": _OF_A_TABLE.format(table=table, privilege=privilege)
        for table in KEYS
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE")
    }
    (tables,) = await run("SELECT " + ", ".join(f'{sql} AS "{name}"' for name, sql in asked.items()))
    # Of a table that is not there yet nothing is known.
    return tuple(name for name, may in {**database, **tables}.items() if may is False)
