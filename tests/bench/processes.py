"""What a server's processes have used, the whole tree of them: CPU and memory from /proc (proc_pid_stat(5))."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# Fields 14 to 17: user and system time of the process, and of its children that have ended and been waited for.
_CPU_FIELDS = slice(11, 15)


# What this process may use before it is pinned, which is after this file has been imported.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, DRIVER_CORE = CORES[0], CORES[-1]


def pin_driver() -> str:
    """Leave the first core to the servers; what the table says about it. servers.py pins those."""
    if len(CORES) == 1:
        return "one core: servers and driver share it, so that throughput and p99 mean little"
    os.sched_setaffinity(0, {DRIVER_CORE})
    return f"servers on core {SERVER_CORE}, driver on core {DRIVER_CORE}"


def tree(pid: int) -> list[int]:
    """`pid` and every process below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of children that have ended."""
    spent = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
            spent += sum(map(int, fields.split()[_CPU_FIELDS]))
    return spent / _TICKS


def memory_mib(pid: int) -> float:
    """Proportional set size of the tree: what several processes share is counted once."""
    kib = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            kib += int(found[1]) if found else 0
    return kib / 1024
