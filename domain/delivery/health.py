"""Whether a gateway may get messages: a circuit breaker that goes by what came of the last ones.

After `FAILURES` failures in a row it is set aside (open): the next gateway takes over. Already from the second one on
it rests, so that nothing is tried over and over: a little longer after each message that was begun after the last rest,
and failed. While it is set aside there is one such message after each rest (half open). The first success ends all that
(closed). One failure among successes changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
# Seconds; the last one repeats. Customers wait for their codes meanwhile.
RESTS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
# A gateway may ask for a longer rest, but not for an endless one, seconds.
_LONGEST_REST = 300.0


class Health:
    """`clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._rests = 0
        self._rested_at = self._rests_until = float("-inf")

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    @property
    def rests_for(self) -> float:
        """For how many seconds it gets nothing."""
        return max(0.0, self._rests_until - self._clock())

    def answered(self) -> bool:
        """It took a message, or said what is wrong with it; whether it was set aside until now."""
        was_open, self._failures, self._rests = self.is_open, 0, 0
        self._rested_at = self._rests_until = float("-inf")
        return was_open

    def failed(self, begun: float, rest: float = 0) -> bool:
        """It failed a message that was `begun` then, and may have asked for a rest; whether that sets it aside."""
        now, was_open = self._clock(), self.is_open
        self._failures += 1
        if self._failures > 1 and begun >= self._rested_at:
            # Many that were under way together fail together: that is one reason to rest, not many.
            rest = max(rest, RESTS[min(self._rests, len(RESTS) - 1)])
            self._rests += 1
        if rest > 0:
            self._rested_at = now
            self._rests_until = max(self._rests_until, now + min(rest, _LONGEST_REST))
        return self.is_open and not was_open
