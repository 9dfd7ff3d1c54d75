"""How far codes by SMS are held back, by how many of those that were sent were typed. Pure rules over counters.

The figures for an attack and for an ordinary day: tests/domain/test_governor_day.py, docs/security.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

# How much better than the floor of its step something must be before the step is taken back, per cent.
_HYSTERESIS = 20


class Step(IntEnum):
    OPEN = 0
    # Who asks for a code types that of a picture first.
    PICTURE = 1
    # And only numbers that the company knows get one; nothing shows which those are.
    KNOWN = 2
    STOPPED = 3


@dataclass(frozen=True)
class Counts:
    """Codes of a sliding window: `sent`, `typed` of those, and `held`: asked for and not sent for want of a picture."""

    sent: int = 0
    typed: int = 0
    held: int = 0

    @property
    def untyped(self) -> int:
        return self.sent - self.typed


@dataclass(frozen=True)
class Rule:
    """A step is taken from so many codes on that nobody typed (`least`, one for each step from PICTURE on)."""

    least: tuple[int, int, int]


# By what is judged. A network from which nobody has typed a code for weeks has sent too little to be judged alone: all
# of these together are the "strangers". The limits of an address stop a single one sooner.
RULES = {"portal": Rule((100, 200, 1000)), "range": Rule((40, 80, 300)), "strangers": Rule((30, 45, 200))}
_NETWORK, _STRANGE_NETWORK = Rule((6, 8, 20)), Rule((30, 40, 60))
# Everything that is judged.
KINDS = (*RULES, "network")


@dataclass(frozen=True)
class Seen:
    """What is known of one thing that a request has part in: a network, or what it shares by one of `RULES`."""

    kind: str
    step: Step
    counts: Counts


def steps_after(seen: Sequence[Seen], floors: Sequence[int], *, proven: bool) -> tuple[list[Step], Step]:
    """The steps after those of `seen`, and what they come to for the request.

    In what it shares, a `proven` network, from which codes were typed of late, feels no more than the picture, until
    everything is stopped.
    """
    of_network = _NETWORK if proven else _STRANGE_NETWORK
    steps = [next_step(one.step, one.counts, RULES.get(one.kind, of_network), floors) for one in seen]
    felt = [
        Step.PICTURE if proven and step is Step.KNOWN and one.kind in RULES else step
        for one, step in zip(seen, steps, strict=True)
    ]
    return steps, max(felt, default=Step.OPEN)


def next_step(step: Step, counts: Counts, rule: Rule, floors: Sequence[int]) -> Step:
    """The step after `step`. `floors` are shares of typed codes, per cent, one for each step from PICTURE on.

    Up at once, by what was sent. Down one at a time, and not while codes go on being asked for in vain: what is held
    counts as sent for that.
    """
    reached = Step.OPEN
    for up in (Step.PICTURE, Step.KNOWN, Step.STOPPED):
        if _is_below(counts, rule.least[up - 1], floors[up - 1]):
            reached = up
    if reached >= step:
        return reached
    asked, least, floor = counts.sent + max(0, counts.held), rule.least[step - 1], floors[step - 1]
    few = asked - counts.typed < (least + 1) // 2
    well = counts.typed * 100 >= min(100, floor + _HYSTERESIS) * asked
    return Step(step - 1) if few or well else step


def _is_below(counts: Counts, least: int, floor: int) -> bool:
    return counts.untyped >= least and counts.typed * 100 < floor * counts.sent
