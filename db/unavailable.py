"""Tells apart errors of a database that is away, full, read-only or overloaded, and errors of our statements.

The engines raise `DatabaseUnavailableError` for the former, and for nothing else: for a wrong statement, or a value
that does not fit, they raise what the driver has raised. Only this module decides which errors are answered with 503.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

import asyncpg

# Primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN,
# PROTOCOL, PERM, NOTADB. Not among them is SQLITE_ERROR: wrong SQL.
_SQLITE = {5, 6, 7, 8, 10, 11, 13, 14, 15, 3, 26}
# Classes and codes of SQLSTATE (PostgreSQL, appendix A): connection, authorisation, no such database, rolled back
# for another transaction's sake, resources, operator, system; locks not to be had, time-outs of a transaction,
# and a server that only reads.
_POSTGRES = ("08", "28", "3D", "40", "53", "57", "58", "55P03", "25P03", "25P04", "25006")
# What asyncpg raises for wrong arguments or configuration, and says of a connection used twice at the same time.
_OURS = (ValueError, asyncpg.UnsupportedClientFeatureError)
_USED_TWICE = "another operation"


class DatabaseUnavailableError(Exception):
    """The database cannot be used now. The text is one line for the operator and holds no value of a row."""


def is_unavailable(error: BaseException) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, _OURS) and _USED_TWICE not in str(error)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_POSTGRES)
    return isinstance(error, OSError)


def one_line(error: BaseException) -> str:
    """Only the first line: what follows in PostgreSQL's message repeats the row."""
    name = type(error).__name__
    said = str(error).strip()
    return f"{name}: {said.splitlines()[0]}" if said else name


class _DatabaseFaults:
    """A class of its own: the decorator for context managers takes as long as a statement by an index."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _OF_DRIVERS) and is_unavailable(error):
            raise DatabaseUnavailableError(one_line(error)) from error


_OF_DRIVERS = (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)
_FAULTS = _DatabaseFaults()


def database_faults() -> AbstractContextManager[None]:
    """Around every call of a driver."""
    return _FAULTS
