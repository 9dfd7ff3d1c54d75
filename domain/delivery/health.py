"""Whether a gateway may get messages: a circuit breaker that goes by what came of the last ones.

A gateway rests after its second failure in a row, a little longer after each, so that nothing is tried over and over.
After `FAILURES` in a row it is set aside (open): the next gateway takes over, and once its pause is over one message
probes it (half open). The first success ends all that (closed). One failure among successes changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
# After the second, third … failure in a row, seconds; the last one repeats. Codes wait for a customer meanwhile.
RESTS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
# A gateway may ask for a longer rest, but not for an endless one, seconds.
_LONGEST_REST = 300.0


class Health:
    """`clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = clock()

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    @property
    def rests_for(self) -> float:
        """For how many seconds it gets nothing."""
        return max(0.0, self._rests_until - self._clock())

    def answered(self) -> bool:
        """It took a message, or said what is wrong with it; whether it was set aside until now."""
        was_open, self._failures, self._rests_until = self.is_open, 0, self._clock()
        return was_open

    def failed(self, rest: float = 0) -> bool:
        """It failed, and has perhaps asked for a rest; whether it is set aside by that."""
        was_open = self.is_open
        self._failures += 1
        if self._failures > 1:
            rest = max(rest, RESTS[min(self._failures - 2, len(RESTS) - 1)])
        self._rests_until = max(self._rests_until, self._clock() + min(rest, _LONGEST_REST))
        return self.is_open and not was_open
