"""Tries every recipe in the copy of the project that is the current folder; JSON of what the checks said, on stdout.

A fork for each attempt: the libraries are imported once, the project anew with every change.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# What the project imports of others, before the first fork.
import aiosmtplib  # noqa: F401
import asyncpg  # noqa: F401
import babel.messages.pofile  # noqa: F401
import httpx  # noqa: F401
import litestar.plugins.jinja  # noqa: F401
import openpyxl  # noqa: F401
import phonenumbers  # noqa: F401
import PIL.Image  # noqa: F401
import pydantic_settings  # noqa: F401
import pytest  # noqa: F401
import zxcvbn  # noqa: F401

from tests.adding.recipes import RECIPES, Change, left_out_of

OURS = {"app", "settings", "routes", "domain", "db", "tests"}


def put(changes: Iterable[Change]) -> dict[Path, str | None]:
    """Carry them out; what stood in the files before."""
    before: dict[Path, str | None] = {}
    for change in changes:
        path = Path(change.file)
        text = path.read_text(encoding="utf-8") if path.exists() else None
        before.setdefault(path, text)
        if text is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(change.text, encoding="utf-8")
            continue
        if change.anchor:
            assert text.count(change.anchor) == 1, (
                f"{change.file}: {change.anchor!r} stands {text.count(change.anchor)} times"
            )
            text = text.replace(change.anchor, change.text + change.anchor)
        else:
            text += change.text
        path.write_text(text, encoding="utf-8")
    return before


def take_back(before: dict[Path, str | None]) -> None:
    for path, text in before.items():
        if text is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.write_text(text, encoding="utf-8")


def in_a_fork(ask: Callable[[], Any]) -> Any:
    """What `ask` returns, or the line of what it raised, from a process that knows nothing of the project yet."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = ask()
        except BaseException as error:  # noqa: BLE001 - told in the line
            said = [f"{type(error).__name__}: {error}"]
        with os.fdopen(writing, "w", encoding="utf-8") as file:
            json.dump(said, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        said = json.load(file)
    os.waitpid(child, 0)
    return said


def tried(name: str) -> dict[str, Any]:
    """What is said of the whole addition (nothing), and without each of its places."""
    recipe = RECIPES[name]

    def missing() -> list[str]:
        from tests.completeness import CHECKS

        return list(CHECKS[recipe.check]())

    def proved() -> list[str]:
        from tests.adding.proofs import PROOFS

        PROOFS[name]()
        return missing()

    whole = [change for place in recipe.places.values() for change in place.changes]
    before = put(whole)
    said = {"": in_a_fork(proved)}
    take_back(before)
    for place, left_out in left_out_of(recipe).items():
        before = put(change for change in whole if change not in left_out)
        said[place] = in_a_fork(missing)
        take_back(before)
    return said


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    json.dump({name: tried(name) for name in RECIPES}, sys.stdout)
