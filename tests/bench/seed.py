"""Fills a database of the portal, or of **least**, by SQL: accounts with a bill, customers who can sign in."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from piccolo.table import Table

from db.engine import make_engine, opened
from db.migrate import migrate
from db.tables import Account, Bill, Customer
from domain.sealing import Sealing
from tests.bench.servers import SECRET
from tests.browser import months_before

# More customers than these nobody signs in as: what they are found by is random.
SIGNING_IN = 1_000
AMOUNT, _KOPECKS = "1234,56", 123456
_BATCH = 10_000
Row = tuple[Any, ...]


def login(place: int) -> str:
    return f"kk{10_000 + place % SIGNING_IN}"


def account_number(place: int) -> str:
    return str(7_000_000_111 + place)


def phone(place: int) -> str:
    return f"+79{place:09d}"


def period() -> str:
    return months_before(datetime.now(UTC), 1)


async def migrated(database: str) -> None:
    async with opened(make_engine(database)) as engine:
        await migrate(engine)


def fill(database: str, customers: int, password_hash: str, free: int = 10) -> None:
    """Migrates and fills `database`. Each customer has an account; `free` further ones have nobody."""
    asyncio.run(migrated(database))
    tables = [_accounts(customers + free), _bills(customers + free), _customers(customers, password_hash)]
    tables.append(_attachments(customers, free))
    if not database.startswith("sqlite:"):
        asyncio.run(_fill_postgres(database, tables))
        return
    connection = sqlite3.connect(database.removeprefix("sqlite:"), isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -400000", "foreign_keys = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for name, columns, rows in tables:
        places = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _fill_postgres(database: str, tables: Sequence[tuple[str, list[str], Iterator[Row]]]) -> None:
    connection = await asyncpg.connect(database)
    for name, columns, rows in tables:
        await connection.copy_records_to_table(name, records=rows, columns=columns)
        await connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")
    await connection.execute("ANALYZE")
    await connection.close()


def _accounts(number: int) -> tuple[str, list[str], Iterator[Row]]:
    common = _defaults(Account)
    columns = [name for name in common if name not in {"id", "number", "address"}]
    same = tuple(common[name] for name in columns)
    rows = ((n + 1, account_number(n), f"г. Светлоречинск, ул. Липовая, д. {n % 997}", *same) for n in range(number))
    return "accounts", ["id", "number", "address", *columns], rows


def _bills(number: int) -> tuple[str, list[str], Iterator[Row]]:
    assert {column._meta.name for column in Bill._meta.columns} == {"id", "account", "period", "amount_kopecks"}
    newest = period()
    return "bills", ["account", "period", "amount_kopecks"], ((n + 1, newest, _KOPECKS) for n in range(number))


def _customers(number: int, password_hash: str) -> tuple[str, list[str], Iterator[Row]]:
    """By the table's own columns and defaults, so that a new column needs no change here."""
    sealing, now = Sealing(SECRET), datetime.now(UTC)
    sealed = sealing.seal(phone(0))
    common = _defaults(Customer) | {
        "phone_sealed": sealed, "last_name": "Лебедева", "first_name": "Анна", "patronymic": "Сергеевна",
        "email_hash": sealing.keyed_hash("email", "a@example.org"), "email_sealed": sealing.seal("a@example.org"),
        "email_confirmed_at": now, "registered_at": now, "password_hash": password_hash,
    }  # fmt: skip
    columns = [name for name in common if name not in {"id", "phone_hash", "login", "login_hash"}]
    same = tuple(common[name] for name in columns)

    def rows() -> Iterator[Row]:
        for n in range(number):
            known = n < SIGNING_IN
            phone_hash = sealing.keyed_hash("phone", phone(n)) if known else os.urandom(32).hex()
            login_hash = sealing.keyed_hash("login", login(n)) if known else os.urandom(32).hex()
            yield (n + 1, phone_hash, f"kk{10_000 + n}", login_hash, *same)

    return "customers", ["id", "phone_hash", "login", "login_hash", *columns], rows()


def _attachments(number: int, free: int) -> tuple[str, list[str], Iterator[Row]]:
    now = datetime.now(UTC)
    return (
        "customer_accounts",
        ["customer", "account", "attached_at"],
        ((n + 1, free + n + 1, now) for n in range(number)),
    )


def _defaults(kind: type[Table]) -> dict[str, Any]:
    row = kind(_ignore_missing=True)
    return {column._meta.name: getattr(row, column._meta.name) for column in kind._meta.columns}


def fill_least(path: Path, schema: str, customers: int, password_hash: str, free: int = 10) -> None:
    """The same for **least**."""
    connection = sqlite3.connect(path)
    connection.executescript(schema)
    numbers, newest = range(customers + free), period()
    address = "г. Светлоречинск, ул. Липовая, д. {}"
    rows: dict[str, Iterator[Row]] = {
        "accounts (id, number, address)": ((n + 1, account_number(n), address.format(n % 997)) for n in numbers),
        "bills (account, period, kopecks)": ((n + 1, newest, _KOPECKS) for n in numbers),
        "customers (id, phone, login, password_hash, person)": (
            (n + 1, phone(n), login(n), password_hash, json.dumps({"last_name": "Лебедева"})) for n in range(customers)
        ),
        "customer_accounts (customer, account)": ((n + 1, free + n + 1) for n in range(customers)),
    }
    with connection:
        for table, made in rows.items():
            connection.executemany(f"INSERT INTO {table} VALUES (?{', ?' * table.count(',')})", made)
    connection.close()
