"""What was found of one thing, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Whether it is in order, should be mended, must be mended, or could not be looked at.
Level = Literal["green", "yellow", "red", "unknown"]


@dataclass(frozen=True)
class Finding:
    """`found` and `advice` are lines for the operator, without a secret and without personal data."""

    level: Level
    about: str
    found: str
    advice: str = ""


def green(about: str, found: str) -> Finding:
    return Finding("green", about, found)


def yellow(about: str, found: str, advice: str) -> Finding:
    return Finding("yellow", about, found, advice)


def red(about: str, found: str, advice: str) -> Finding:
    return Finding("red", about, found, advice)


def unknown(about: str, found: str, advice: str = "") -> Finding:
    return Finding("unknown", about, found, advice)


def exit_status(levels: set[Level]) -> int:
    """As monitoring reads it (Monitoring Plugins Development Guidelines, 2.3): 0 fine, 1 warning, 2 critical."""
    return 2 if "red" in levels else 1 if "yellow" in levels else 0
