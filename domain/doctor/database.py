"""The database: whether it can be used, its version, schema and secret, privileges, encryption and room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_address

from db.clock import DatabaseClock
from db.diagnosis import Facts, PostgresFacts, SQLiteFacts, facts
from db.engine import opened
from db.migrate import SchemaError, pending_migrations, refuse_newer
from domain.doctor.clock import look_at_clock
from domain.doctor.finding import Finding, green, red, unknown, yellow
from domain.installation import UNUSABLE, engine_of, error_line, rotation_is_under_way, secret_fits
from domain.portal import sealing_of
from settings import Settings

_MB = 2**20
# What an import of a million rows needs beside the database, and what stops the portal when it is gone; bytes.
_LITTLE_ROOM, _NO_ROOM = 1024 * _MB, 64 * _MB
# Housekeeping empties it once an hour; a larger one means that a reader stays in the way.
_LARGE_LOG = 256 * _MB
# The oldest that PostgreSQL's own project still mends (postgresql.org/support/versioning), and that is tested.
_OLDEST_SUPPORTED, _OLDEST = 140_000, 130_000


async def look_at_database(settings: Settings) -> AsyncIterator[Finding]:
    """Nothing is written; a database that is not there yet is not made."""
    engine = engine_of(settings)
    if not engine.exists():
        yield red("database", "it does not exist yet", "the first start makes it, or: litestar migrate")
        return
    try:
        async with opened(engine):
            for finding in _judged(await facts(engine), settings):
                yield finding
            yield await _of_schema(settings)
            yield await _of_secret(settings)
            machine, database = DatabaseClock(), DatabaseClock()
            await database.set()
            for finding in look_at_clock(machine(), database()):
                yield finding
    except (*UNUSABLE, OSError) as error:
        yield red("database", error_line(error), "KABINET_DATABASE names it; is it running, and may this user use it?")


def _judged(found: Facts, settings: Settings) -> list[Finding]:
    return _of_sqlite(found) if isinstance(found, SQLiteFacts) else _of_postgres(found, settings)


def _of_sqlite(found: SQLiteFacts) -> list[Finding]:
    size = f"{found.size / _MB:.0f} MB"
    findings = [green("version", f"SQLite {found.version}, {size}")]
    if found.journal != "wal":
        findings.append(red("journal", f"its mode is {found.journal}", "start the portal once: it sets WAL"))
    elif found.log_size > _LARGE_LOG:
        advice = "something keeps an old snapshot open: end other programs that have the file open"
        findings.append(yellow("journal", f"the -wal file has {found.log_size / _MB:.0f} MB", advice))
    else:
        findings.append(green("journal", f"WAL, {found.log_size / _MB:.0f} MB"))
    free = f"{found.free / _MB:.0f} MB are free"
    if found.free < _NO_ROOM:
        findings.append(red("disk", free, "make room: the portal answers 503 when nothing can be written"))
    elif found.free < max(_LITTLE_ROOM, found.size):
        findings.append(yellow("disk", free, "an import or a backup may need as much as the database has"))
    else:
        findings.append(green("disk", free))
    if found.others_may:
        findings.append(red("file", "others than its owner may read or write it", "chmod 600, also its -wal and -shm"))
    return findings


def _of_postgres(found: PostgresFacts, settings: Settings) -> list[Finding]:
    pooler = ", behind a pooler" if found.behind_pooler else ""
    version = f"PostgreSQL {found.version.split()[0]}, {found.size / _MB:.0f} MB{pooler}"
    advice = "upgrade PostgreSQL: nobody mends this version any more"
    findings = [
        red("version", version, advice) if found.version_number < _OLDEST
        else yellow("version", version, advice) if found.version_number < _OLDEST_SUPPORTED
        else green("version", version),
        _of_encryption(found, settings),
        _of_privileges(found),
    ]  # fmt: skip
    if found.encoding != "UTF8":
        findings.append(red("encoding", found.encoding, "make the database anew with ENCODING 'UTF8'"))
    if found.read_only:
        findings.append(red("writing", "the server only reads", "name the primary in KABINET_DATABASE"))
    pool = f"{found.connections} connections on the server, up to {settings.postgres_pool + 1} for each process"
    if found.connections < 2 * (settings.postgres_pool + 1):
        findings.append(yellow("connections", pool, "raise max_connections, or lower KABINET_POSTGRES_POOL"))
    else:
        findings.append(green("connections", pool))
    findings.append(unknown("disk", "of the server's disk nothing is known here", "watch it on the server"))
    return findings


def _of_encryption(found: PostgresFacts, settings: Settings) -> Finding:
    if found.tls:
        return green("encryption", found.tls)
    if not found.address or ip_address(found.address).is_loopback:
        return green("encryption", "none, and none needed: the server is on this machine")
    advice = "add ?sslmode=verify-full to KABINET_DATABASE"
    return (red if settings.production else yellow)("encryption", f"none, to {found.address}", advice)


def _of_privileges(found: PostgresFacts) -> Finding:
    if found.missing:
        more = f", and {len(found.missing) - 1} more" if len(found.missing) > 1 else ""
        return red(
            "privileges", f"may not {found.missing[0]}{more}", "make the portal's role the owner of its database"
        )
    if found.superuser:
        return yellow("privileges", "the role is a superuser", "give the portal a role that only owns its database")
    return green("privileges", "all that are needed")


async def _of_schema(settings: Settings) -> Finding:
    pending = await pending_migrations()
    if pending:
        advice = "litestar migrate --plan tells what they do, litestar migrate runs them"
        level = yellow if settings.migrate == "on" else red
        return level("schema", f"migrations that have not run: {len(pending)}", advice)
    try:
        await refuse_newer()
    except SchemaError as error:
        return yellow("schema", str(error), "upgrade this program")
    return green("schema", "up to date")


async def _of_secret(settings: Settings) -> Finding:
    fits = await secret_fits(sealing_of(settings))
    if fits is None:
        return unknown("secret", "this database has not been begun with a secret yet")
    if not fits:
        return red("secret", "KABINET_SECRET is not the one that this database was begun with", "set that one")
    if settings.secret_previous and await rotation_is_under_way():
        return yellow("secret", "KABINET_SECRET is being replaced", "litestar secret rotate brings all rows over")
    if settings.secret_previous:
        advice = "remove it once the cards are imported again and what was sent before has expired"
        return yellow("secret", "KABINET_SECRET_PREVIOUS is still read", advice)
    return green("secret", "KABINET_SECRET is this database's")
