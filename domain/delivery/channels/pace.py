"""How fast a gateway is sent to that asks for fewer messages: slower at once, then a little faster each time."""

from __future__ import annotations

import asyncio

from domain.delivery.channels.channel import DeliveryFailed

# Between two messages, seconds. Below the shortest there is none.
_SHORTEST, _FIRST, _LONGEST = 0.001, 0.01, 1.0
_SLOWER, _FASTER = 2.0, 0.97
# What is refused together is one reason to be slower, not many; and nothing is sent meanwhile. Seconds.
_PAUSE = 0.2


class Pace:
    def __init__(self) -> None:
        self.gap = 0.0
        self._next_at = self._slowed_at = float("-inf")

    async def turn(self, until: float) -> None:
        """Wait for one's turn. Raises `DeliveryFailed` where that comes after `until` (of the loop's clock)."""
        if not self.gap:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        if at > until:
            raise DeliveryFailed("away", "the gateway asks for fewer messages", rest=_LONGEST)
        self._next_at = at + self.gap
        await asyncio.sleep(at - now)

    def slow_down(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._slowed_at >= _PAUSE:
            self.gap = min(max(self.gap * _SLOWER, _FIRST), _LONGEST)
            self._slowed_at = now
            self._next_at = max(self._next_at, now + _PAUSE)

    def went_well(self) -> None:
        self.gap = self.gap * _FASTER if self.gap * _FASTER > _SHORTEST else 0.0
