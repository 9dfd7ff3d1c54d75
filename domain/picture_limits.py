"""What a process remembers of its pictures, so that no reader writes to the database.

Both memories are bounded, and the oldest entry makes room. Nothing here decides what a code is good for: that is
the row of a spent one. Several processes count apart, so together they draw that many times more.
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
    """How many pictures and voices each network was made this hour, and which pictures were replaced."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()
        self._replaced: OrderedDict[str, None] = OrderedDict()

    def count(self, kind: str, network: str, most: int, now: datetime) -> bool:
        """Count one more; False where the network has had its number of this hour."""
        began, made = self._made.get((kind, network), (now, 0))
        if now - began >= _HOUR:
            began, made = now, 0
        if made >= most:
            return False
        _put(self._made, (kind, network), (began, made + 1))
        return True

    def replace(self, identity: str) -> None:
        """«Другая картинка»: the former one is not made again."""
        _put(self._replaced, identity, None)

    def is_replaced(self, identity: str) -> bool:
        return identity in self._replaced


def _put(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _ENTRIES:
        memory.popitem(last=False)
