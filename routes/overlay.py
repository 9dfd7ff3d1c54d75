"""What an upgrade has changed beneath the files that a company lays over ours.

`litestar overlay FILE` keeps a copy of our file, as it was then, in `.beneath/` of the company's folder. From then on
ours is compared with it. A brand is no such file: its keys are checked by themselves.
"""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator
from pathlib import Path

from routes.design import BRAND, STATIC, TEMPLATES, Design
from routes.slips import Slip

_NOTED = ".beneath"


def lay_over(own: Path, name: str) -> bool:
    """Begin a company's file as a copy of ours, or note that it fits ours as it is now. False where we have none."""
    ours = _ours(name)
    if not ours.is_file():
        return False
    for path in (own / _NOTED / name, own / name):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not (own / name).exists():
        shutil.copyfile(ours, own / name)
    shutil.copyfile(ours, own / _NOTED / name)
    return True


def changes_beneath(design: Design) -> Iterator[Slip]:
    if design.own is None:
        return
    for path in sorted(design.own.rglob("*")):
        name = path.relative_to(design.own).as_posix()
        ours = _ours(name)
        if not path.is_file() or name.startswith(".") or name == BRAND or name.endswith(".po") or not ours.is_file():
            continue
        noted = design.own / _NOTED / name
        if not noted.is_file():
            yield Slip(design.shown(path), 0, f"lies over ours; note the version it fits: litestar overlay {name}")
        elif noted.read_bytes() != ours.read_bytes():
            line, added, removed = _difference(noted, ours)
            told = f"ours has changed beneath it (+{added} -{removed}, from line {line}); compare {_NOTED}/{name}"
            yield Slip(design.shown(path), 0, f"{told}, then: litestar overlay {name}")


def _ours(name: str) -> Path:
    return STATIC / name.removeprefix("static/") if name.startswith("static/") else TEMPLATES / name


def _difference(before: Path, now: Path) -> tuple[int, int, int]:
    """The first line that differs, how many are new and how many gone."""
    old, new = (path.read_bytes().decode(errors="replace").splitlines() for path in (before, now))
    changes = [one for one in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes() if one[0] != "equal"]
    added = sum(end - start for _, _, _, start, end in changes)
    removed = sum(end - start for _, start, end, _, _ in changes)
    return (changes[0][3] + 1 if changes else 1), added, removed
