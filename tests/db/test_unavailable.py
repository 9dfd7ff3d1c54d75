"""Which errors of a driver mean that the database is away, and which are faults of ours."""

from __future__ import annotations

import sqlite3

import asyncpg
import pytest
from asyncpg.exceptions import _base
from jinja2 import TemplateNotFound

from db.engine import Engine, run, transaction
from db.unavailable import DatabaseUnavailableError, database_faults, is_unavailable


def _sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = code
    return error


AWAY = [
    OSError("no route"),
    ConnectionRefusedError(),
    ConnectionResetError(),
    TimeoutError(),
    *(_sqlite(code) for code in (5, 6, 7, 8, 10, 11, 13, 14, 15, 26)),
    _sqlite(5 | 2 << 8),  # SQLITE_BUSY_SNAPSHOT: an extended code of BUSY
    _sqlite(10 | 3 << 8),  # SQLITE_IOERR_WRITE
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.AdminShutdownError("told to"),
    asyncpg.CrashShutdownError("crashed"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
    asyncpg.IdleInTransactionSessionTimeoutError("idle"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("again"),
    asyncpg.TooManyConnectionsError("full"),
    asyncpg.DiskFullError("full"),
    asyncpg.OutOfMemoryError("full"),
    asyncpg.ReadOnlySQLTransactionError("a standby"),
    asyncpg.InvalidPasswordError("changed"),
    asyncpg.InvalidCatalogNameError("dropped"),
    asyncpg.PostgresIOError("disk"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InterfaceError("pool is closing"),
]
OURS = [
    _sqlite(1),  # no such table, no such column, a syntax error
    _sqlite(19),  # a constraint
    sqlite3.IntegrityError("UNIQUE constraint failed"),
    sqlite3.ProgrammingError("Incorrect number of bindings"),
    sqlite3.InterfaceError("type not supported"),
    asyncpg.UndefinedTableError("no such table"),
    asyncpg.UndefinedColumnError("no such column"),
    asyncpg.PostgresSyntaxError("syntax"),
    asyncpg.UniqueViolationError("twice"),
    asyncpg.NotNullViolationError("null"),
    asyncpg.StringDataRightTruncationError("too long"),
    asyncpg.NumericValueOutOfRangeError("too large"),
    _base.DataError("invalid input for query argument $1"),
    asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
    asyncpg.UnsupportedClientFeatureError("no"),
    KeyError("name"),
    ValueError("value"),
]


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_the_database_is_away(error: Exception) -> None:
    assert is_unavailable(error)
    with pytest.raises(DatabaseUnavailableError) as told, database_faults():
        raise error
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_a_fault_of_ours_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as told, database_faults():
        raise error
    assert told.value is error


async def test_a_template_that_is_missing_inside_a_transaction_is_no_fault_of_the_database(engine: Engine) -> None:
    with pytest.raises(TemplateNotFound):
        async with transaction():
            raise TemplateNotFound("gone.html")


async def test_statements_that_are_wrong_are_no_fault_of_the_database(engine: Engine) -> None:
    for statement in ("SELECT nothing FROM nowhere", "SELEC 1"):
        with pytest.raises((sqlite3.Error, asyncpg.PostgresError)):
            await run(statement)
        with pytest.raises((sqlite3.Error, asyncpg.PostgresError)):
            async with transaction():
                await run(statement)


async def test_a_closed_engine_is_a_database_that_is_away(engine: Engine) -> None:
    await engine.close()
    with pytest.raises((DatabaseUnavailableError, RuntimeError)):
        async with transaction():
            pass
