"""Every figure as one table, and as JSON where a file is named: `python -m tests.bench --json FILE pages imports`.

Without names all of them, and after them the reports, which print texts of their own. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench.figures import QUICK, Figure, Scale, progress, table
from tests.bench.processes import CORES, pin_driver

# The module of each name, imported when it is wanted.
FIGURES = {
    "pages": "pages",
    "registration": "journey_costs",
    "sign-in": "journey_costs",
    "latency": "latency",
    "start": "start_and_memory",
    "memory": "start_and_memory",
    "delivery": "delivery",
    "backlog": "throughput",
    "customers": "many_customers",
    "processes": "two_processes",
    "imports": "imports",
}
REPORTS = {
    "pictures": "picture_costs",
    "known-and-unknown": "known_and_unknown",
    "crowded-sign-in": "crowded_sign_in",
    "beside-an-import": "sign_ins_beside_an_import",
}
_MEMORY = Path("/dev/shm")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join([*FIGURES, *REPORTS])}; none: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go as JSON as well")
    parser.add_argument("--quick", action="store_true", help="shorter rounds and fewer rows: rough figures")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a round")
    parser.add_argument("--customers", type=int, help="of the larger database")
    parser.add_argument("--rows", type=int, help="of an import")
    parser.add_argument("--mode", choices=["production", "development"], help="KABINET_MODE; production by default")
    parser.add_argument("--folder", type=Path, help="of the databases; in memory where the system has room for it")
    given = parser.parse_args()
    unknown = set(given.names) - {*FIGURES, *REPORTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join([*FIGURES, *REPORTS])}")
    return given


def _scale(given: argparse.Namespace) -> Scale:
    names = ("rounds", "seconds", "customers", "rows", "mode")
    changed = {name: value for name in names if (value := getattr(given, name)) is not None}
    return dataclasses.replace(QUICK if given.quick else Scale(), **changed)


def _measured(names: list[str], scale: Scale) -> list[Figure]:
    figures: list[Figure] = []
    for module in dict.fromkeys(FIGURES[name] for name in names):
        progress(f"measuring: {module}")
        figures += importlib.import_module(f"tests.bench.{module}").measure(scale)
    return figures


def _use_folder(folder: Path | None) -> None:
    # What a disk does at a commit costs both sides the same, and would bring every ratio nearer to one.
    if folder is None and "TMPDIR" not in os.environ and _MEMORY.is_dir():
        folder = _MEMORY
    if folder is not None:
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None


def main() -> None:
    given = _arguments()
    names = given.names or [*FIGURES, *REPORTS]
    wanted = [name for name in names if name in FIGURES]
    _use_folder(given.folder)
    if wanted:
        scale = _scale(given)
        machine = f"{pin_driver()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        machine += f"; Python {platform.python_version()}; {tempfile.gettempdir()}"
        figures = _measured(wanted, scale)
        os.sched_setaffinity(0, CORES)
        print(f"{table(figures)}\n\n{machine}; {scale}", flush=True)  # noqa: T201 - a script
        if given.json:
            found = {"machine": machine, "scale": dataclasses.asdict(scale), "figures": [f.as_json() for f in figures]}
            given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    # The reports read options of their own, and none of these is theirs.
    del sys.argv[1:]
    for name in names:
        if name in REPORTS:
            importlib.import_module(f"tests.bench.{REPORTS[name]}").main()


if __name__ == "__main__":
    main()
