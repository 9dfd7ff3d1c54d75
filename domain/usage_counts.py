"""What people do in the portal, counted in the memory of a process until domain/usage.py writes it down."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class What(StrEnum):
    REGISTERED = "registered"
    SIGNED_IN = "signed-in"
    CODE_SENT = "code-sent"
    CODE_TYPED = "code-typed"
    # A step of a journey that was sent and led on; one that was refused, by the name of the error; and how it was sent.
    STEP = "step"
    ERROR = "error"
    FORM = "form"


@dataclass
class UsageCounts:
    """`name` is one of a few that the code knows: nothing that was typed, nothing of a person.

    `process` tells this process's rows from those of others; a new one after each start.
    """

    process: str = field(default_factory=lambda: secrets.token_hex(4))
    _counts: Counter[tuple[What, str]] = field(default_factory=Counter)

    def add(self, what: What, name: str, times: int = 1) -> None:
        self._counts[what, name] += times

    def take(self) -> Mapping[tuple[What, str], int]:
        """All that was counted since the last time."""
        taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, taken: Mapping[tuple[What, str], int]) -> None:
        """It could not be written down."""
        for (what, name), times in taken.items():
            self.add(what, name, times)
