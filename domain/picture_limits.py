"""What a process remembers of its picture codes, so that showing one writes nothing to the database.

Both memories are bounded; a new entry replaces the oldest. Whether a code has been used is not decided here but by its
row (db/captchas.py). Each process counts by itself, so several processes together allow several times the limit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import TypeVar

_ENTRIES = 10_000
_HOUR = timedelta(hours=1)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class PictureLimits:
    """How many pictures, voices and tries each network had this hour, and which pictures were replaced."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()
        self._replaced: OrderedDict[str, None] = OrderedDict()

    def count(self, kind: str, network: str, most: int, now: datetime) -> bool:
        """Count one more; False where the network has reached the limit of this hour."""
        began, made = self._made.get((kind, network), (now, 0))
        if now - began >= _HOUR:
            began, made = now, 0
        if made >= most:
            return False
        _put(self._made, (kind, network), (began, made + 1))
        return True

    def replace(self, identity: str) -> None:
        """«Другая картинка»: the former picture is not shown again."""
        _put(self._replaced, identity, None)

    def is_replaced(self, identity: str) -> bool:
        return identity in self._replaced


def _put(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _ENTRIES:
        memory.popitem(last=False)
