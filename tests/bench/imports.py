"""Imports: rows a second and peak memory; bills against bare `executemany` (SQLite) and bare COPY (PostgreSQL).

First, repeated with nothing changed, and with --replace. Memory is the proportional set size of all processes of the
command, looked at every quarter of a second. "Bare" puts the same bills, read and ready, into the same table with its
index, in one transaction: no file, no account to look up, no row to compare.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests.bench import import_bills, import_customers, seed
from tests.bench.figures import Figure, Scale, progress
from tests.bench.import_bills import PERIODS
from tests.bench.postgres import postgres
from tests.bench.processes import CORES, memory_mib
from tests.bench.servers import environment

_COMMAND = "from routes.cli.registry import registry_group; registry_group()"
_BARE_ROUNDS = 3
_WAYS = (("first", ()), ("repeated", ()), ("replace", ("--replace",)))


def _write_cards(folder: Path, cards: int) -> None:
    with (folder / "cards.csv").open("w", encoding="utf-8") as file:
        file.write("card_number;email;phone;holder_id;login\n")
        for n in range(cards):
            file.write(f"4{n:015d};holder{n}@example.org;+79{n:09d};H{n:09d};login{n}\n")


def _import(database: str, kind: str, folder: Path, *options: str) -> tuple[float, float]:
    """Seconds, and the most memory at any time in MiB."""
    began, peak = time.perf_counter(), 0.0
    # stdout into a file: nobody reads a pipe meanwhile.
    with (folder / "said").open("w+") as said:
        command = [sys.executable, "-c", _COMMAND, "import", kind, str(folder / f"{kind}.csv"), *options]
        process = subprocess.Popen(command, env=environment(database, 1), stdout=said, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, memory_mib(process.pid))
            try:
                process.wait(timeout=0.25)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - began
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"the import of {kind} failed: {said.read()}")
    return seconds, peak


def _bare_rows(bills: int) -> Iterator[tuple[int, str, int]]:
    for month in range(1, PERIODS + 1):
        for account in range(1, bills // PERIODS + 1):
            yield account, f"2026-{month:02d}", account * month % 900_000 + 100


def _bare_sqlite(database: str, bills: int) -> float:
    """Seconds."""
    rows = list(_bare_rows(bills))
    asyncio.run(seed.migrated(database))
    connection = sqlite3.connect(database.removeprefix("sqlite:"), isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO bills (account, period, amount_kopecks) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


async def _bare_postgres(database: str, bills: int) -> float:
    rows = list(_bare_rows(bills))
    connection = await asyncpg.connect(database)
    began = time.perf_counter()
    columns = ["account", "period", "amount_kopecks"]
    await connection.copy_records_to_table("bills", records=rows, columns=columns)
    seconds = time.perf_counter() - began
    await connection.execute("TRUNCATE bills")
    await connection.close()
    return seconds


def _of_database(title: str, database: str, bare: float, bare_name: str, folder: Path, scale: Scale) -> list[Figure]:
    figures, wanted = [], "≥ 0.5" if title == "SQLite" else "≥ 0.6"
    accounts = max(scale.rows // PERIODS, 1)
    _import(database, "accounts", folder)
    for kind, rows in (("bills", accounts * PERIODS), ("cards", scale.rows)):
        figures += _of_kind(title, database, kind, rows, folder)
    # Customers name accounts that are theirs alone.
    import_customers.write_files(folder, scale.rows)
    _import(database, "accounts", folder)
    figures += _of_kind(title, database, "customers", scale.rows, folder)
    first, rate = figures[0], accounts * PERIODS / bare
    figures[0] = Figure(
        first.name, first.title, first.unit, first.portal, bare_name, rate, first.portal / rate, wanted
    )  # fmt: skip
    return figures


def _of_kind(title: str, database: str, kind: str, rows: int, folder: Path) -> list[Figure]:
    figures, peak = [], 0.0
    for way, options in _WAYS:
        progress(f"{title}: {rows:,} {kind}, {way}")
        seconds, used = _import(database, kind, folder, *options)
        peak = max(peak, used)
        name = f"import-{title.lower()}-{kind}-{way}"
        figures.append(Figure(name, f"{title}: {rows:,} {kind}, {way}", "rows/s", rows / seconds))
    wanted = "≤ 120 MB" if kind == "bills" else ""
    memory = Figure(
        f"import-{title.lower()}-{kind}-memory", f"{title}: {kind}, peak memory", "MiB", peak, wanted=wanted
    )
    return [*figures, memory]


def measure(scale: Scale) -> list[Figure]:
    # An import uses every core; the driver of the other figures has but one.
    os.sched_setaffinity(0, CORES)
    accounts = max(scale.rows // PERIODS, 1)
    bills = accounts * PERIODS
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name, postgres(Path(name)) as on_postgres:
        folder = Path(name)
        _write_cards(folder, scale.rows)
        import_bills.write_files(folder, accounts)
        bare = statistics.median(_bare_sqlite(f"sqlite:{folder / f'bare-{n}'}", bills) for n in range(_BARE_ROUNDS))
        on_sqlite = f"sqlite:{folder / 'kabinet.sqlite'}"
        figures = _of_database("SQLite", on_sqlite, bare, "executemany", folder, scale)
        asyncio.run(seed.migrated(on_postgres))
        bare = statistics.median(asyncio.run(_bare_postgres(on_postgres, bills)) for _ in range(_BARE_ROUNDS))
        import_bills.write_files(folder, accounts)
        return figures + _of_database("PostgreSQL", on_postgres, bare, "COPY", folder, scale)
