"""On SQLite too, the number of a row that has been removed is never another row's.

Sessions and sealed cookies name customers, accounts and consents by their numbers, and requests have theirs shown. A
number that is given away again would take what was granted to somebody who is gone to the next one. PostgreSQL's
sequences never go back; SQLite takes the largest number in the table and adds one, unless AUTOINCREMENT is declared.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import bound, run

ID = "2026-11-23T08:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "numbers of rows that are never given twice"

TABLES = ("customers", "accounts", "consents", "sessions", "connection_requests")
_BEFORE, _AFTER = '"id" INTEGER PRIMARY KEY NOT NULL', '"id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL'


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)
    manager.add_raw(declare)
    return manager


async def declare() -> None:
    """AUTOINCREMENT changes nothing in how rows are stored, so the declaration alone is rewritten.

    ALTER TABLE cannot do it, and a copied table would have to be dropped, which deletes what points at its rows.
    https://sqlite.org/lang_altertable.html, section 7, allows this for changes that leave the file's content as it is.
    """
    if bound().engine_type != "sqlite":
        return
    # The table of the largest numbers comes with the first table that asks for it, and stays.
    await run("CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    await run("DROP TABLE numbered")
    (before,) = await run("PRAGMA schema_version")
    await run("PRAGMA writable_schema = ON")
    for table in TABLES:
        changed = await run(
            "UPDATE sqlite_master SET sql = replace(sql, {}, {}) WHERE type = 'table' AND name = {}"
            " AND instr(sql, {}) > 0 RETURNING name",
            _BEFORE, _AFTER, table, _BEFORE,
        )  # fmt: skip
        if not changed:
            raise RuntimeError(f"The table {table} is not declared as the first migration declares it")
        await run(f"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', COALESCE(MAX(id), 0) FROM {table}")
    # Every connection, this one too, reads the declarations anew.
    await run(f"PRAGMA schema_version = {before['schema_version'] + 1}")
    await run("PRAGMA writable_schema = OFF")
