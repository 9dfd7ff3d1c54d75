"""How long a write of the portal waits beside an import of a million bills on SQLite: median, p99 and longest.

Run as `python -m tests.bench.sign_ins_beside_an_import [bills]`. The write is what a sign-in does: it takes the
writer, puts a session in, and commits; the next begins 50 ms later.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db import sessions
from db.engine import make_engine, opened, transaction
from tests.bench.import_bills import PERIODS, write_files

_EVERY = 0.05
_IMPORT = "from routes.cli.registry import registry_group; registry_group()"


async def _import(database: str, kind: str, folder: Path) -> None:
    environment = {
        **os.environ,
        "KABINET_DATABASE": database,
        "KABINET_SECRET": "a secret of the benchmark, long enough",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IMPORT, "import", kind, str(folder / f"{kind}.csv"), env=environment
    )
    if await process.wait():
        sys.exit(f"the import of {kind} failed")


async def _write(number: int) -> float:
    now = datetime.now(UTC)
    began = time.perf_counter()
    async with transaction():
        await sessions.add(
            {
                "token_hash": f"{number:064}", "customer": None, "progress_sealed": "",
                "created_at": now, "seen_at": now,
                "idle_until": now + timedelta(hours=1), "ends_at": now + timedelta(hours=1), "ip": "", "user_agent": "",
            }
        )  # fmt: skip
    return time.perf_counter() - began


def _say(what: str, waits: list[float]) -> None:
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)]
    print(  # noqa: T201 - a script
        f"{what}: {len(waits)} writes, median {waits[len(waits) // 2] * 1000:.1f} ms,"
        f" p99 {p99 * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms",
        flush=True,
    )


async def _beside(database: str, folder: Path, first: int) -> list[float]:
    waits: list[float] = []
    importing = asyncio.create_task(_import(database, "bills", folder))
    while not importing.done():
        waits.append(await _write(first + len(waits)))
        await asyncio.sleep(_EVERY)
    await importing
    return waits


async def _measure(folder: Path) -> None:
    database = f"sqlite:{folder / 'kabinet.sqlite'}"
    await _import(database, "accounts", folder)
    async with opened(make_engine(database)):
        _say("alone", [await _write(number) for number in range(200)])
        began = time.perf_counter()
        _say("beside a first import", await _beside(database, folder, 1_000_000))
        _say("beside one that changes nothing", await _beside(database, folder, 2_000_000))
        print(f"{time.perf_counter() - began:.1f} s for both imports")  # noqa: T201 - a script


def main() -> None:
    bills = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        write_files(Path(name), bills // PERIODS)
        asyncio.run(_measure(Path(name)))


if __name__ == "__main__":
    main()
