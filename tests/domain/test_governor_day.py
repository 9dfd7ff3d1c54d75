"""A day of robots and a day of bills, by the rules that decide (domain/values/sms_steps.py) and a clock of its own.

What is assumed: a company that has run for four weeks, with customers from 2,000 networks, some larger than others, of
whom seven in eight type their code a minute later. The limits of phones and networks are left out: the robots stay
below them.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import pytest

from domain.governor import WINDOW
from domain.values.sms_steps import Counts, Seen, Step, steps_after
from settings import Settings

HOUR, DAY = 3600, 86400
CUSTOMERS, BOTS, BOT_NETWORKS = 2000, 1000, 300
SENT, TYPED, HELD = range(3)
# What the portal sent at most before anything was held back: the day's budget of registrations.
BUDGET_BEFORE = 3000
FLOORS = Settings.model_fields["sms_floors"].default
# How the day's customers come, hour by hour.
_HOURS = [1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 8, 8, 8, 7, 7, 7, 8, 8, 7, 5, 3, 2]
_WEIGHTS = [*accumulate(1 / (n + 1) ** 0.7 for n in range(2000))]


@dataclass(order=True)
class Request:
    at: float
    number: int
    network: str = field(compare=False)
    range: str = field(compare=False)
    bot: bool = field(compare=False, default=False)
    reads: bool = field(compare=False, default=True)


class Window:
    """The sums of db/governor.py without a database: an hour's row leaves when the window has moved past it."""

    def __init__(self) -> None:
        self.rows: deque[tuple[int, list[int]]] = deque()
        self.sums = [0, 0, 0]

    def counts(self, hour: int) -> Counts:
        while self.rows and self.rows[0][0] <= hour - WINDOW.total_seconds() // HOUR:
            self.sums = [sum_ - gone for sum_, gone in zip(self.sums, self.rows.popleft()[1], strict=True)]
        return Counts(*self.sums)

    def add(self, hour: int, place: int) -> None:
        if not self.rows or self.rows[-1][0] < hour:
            self.rows.append((hour, [0, 0, 0]))
        self.rows[-1][1][place] += 1
        self.sums[place] += 1


class Portal:
    """What domain/governor.py does, without a database."""

    def __init__(self) -> None:
        self.windows: dict[tuple[str, str], Window] = defaultdict(Window)
        self.steps: dict[tuple[str, str], Step] = defaultdict(lambda: Step.OPEN)
        self.proven_from: dict[str, int] = {}
        self.changes: Counter[str] = Counter()

    def subjects(self, request: Request, hour: int) -> list[tuple[str, str]]:
        shared = [("portal", ""), ("range", request.range), ("network", request.network)]
        return shared if self.is_proven(request.network, hour) else [*shared, ("strangers", "")]

    def is_proven(self, network: str, hour: int) -> bool:
        return self.proven_from.get(network, hour) < hour

    def ask(self, request: Request) -> Step | None:
        """The step under which a code was sent; None where none was."""
        hour = int(request.at // HOUR)
        subjects = self.subjects(request, hour)
        seen = [Seen(one[0], self.steps[one], self.windows[one].counts(hour)) for one in subjects]
        steps, step = steps_after(seen, FLOORS, proven=self.is_proven(request.network, hour))
        for one, after in zip(subjects, steps, strict=True):
            self.changes[one[0]] += self.steps[one] is not after
            self.steps[one] = after
        if step is Step.STOPPED:
            return None
        sent = step is Step.OPEN or (step is Step.PICTURE and request.reads)
        for one in subjects:
            charged = sent or (one[0] == "network" and request.reads)
            self.windows[one].add(hour, SENT if charged else HELD)
        return step if sent else None

    def type(self, request: Request, at: float) -> None:
        hour = int(at // HOUR)
        for one in self.subjects(request, hour):
            self.windows[one].add(hour, TYPED)
        self.proven_from[request.network] = min(self.proven_from.get(request.network, hour), hour)


def customers(chance: random.Random, number: int, days: float = 1) -> list[Request]:
    """Over one day, more by day than by night; `days` before count as history."""
    hours = chance.choices(range(24), _HOURS, k=number)
    networks = chance.choices(range(2000), cum_weights=_WEIGHTS, k=number)
    times = [hour * HOUR + chance.random() * HOUR for hour in hours]
    return [
        Request(at, n, f"customers {network}", f"+79{chance.randrange(40):02}")
        for n, (at, network) in enumerate(zip(times, networks, strict=True))
    ]


def robots(chance: random.Random, shared: int, reads: float, every: float = 3600) -> Iterator[Request]:
    """Each asks every hour all day long, for numbers of all ranges; `reads` is the share that reads pictures,
    `shared` how many of their networks are customers' too.
    """
    networks = [f"robots {n}" for n in range(BOT_NETWORKS - shared)]
    networks += [f"customers {n}" for n in chance.sample(range(2000), shared)]
    for bot in range(BOTS):
        begins, reader = chance.random() * every, chance.random() < reads
        for turn in range(int(DAY // every)):
            numbers = f"+79{chance.randrange(100):02}"
            yield Request(begins + turn * every, bot, networks[bot % BOT_NETWORKS], numbers, bot=True, reads=reader)


def run_day(portal: Portal, requests: Sequence[Request], chance: random.Random) -> tuple[Counter[Step | None], int]:
    """Of the customers, under which step each got a code; and how many SMS the robots got."""
    typing: list[tuple[float, int, Request]] = []
    served: Counter[Step | None] = Counter()
    burned = 0
    for request in sorted(requests):
        while typing and typing[0][0] <= request.at:
            at, _, typed = heapq.heappop(typing)
            portal.type(typed, at)
        step = portal.ask(request)
        if request.bot:
            burned += step is not None
        else:
            served[step] += 1
            if step is not None and chance.random() < 0.875:
                heapq.heappush(typing, (request.at + chance.uniform(20, 100), len(typing), request))
    return served, burned


def after_four_weeks(chance: random.Random) -> Portal:
    """Which networks have typed a code in four weeks of ordinary days."""
    portal = Portal()
    networks = chance.choices(range(2000), cum_weights=_WEIGHTS, k=28 * CUSTOMERS * 7 // 8)
    portal.proven_from = {f"customers {network}": -1 for network in networks}
    return portal


@pytest.mark.parametrize(
    ("shared", "reads", "most"),
    [
        pytest.param(0, 1, 0.05, id="networks of their own, reading every picture"),
        pytest.param(30, 0, 0.05, id="a tenth in customers' networks, reading none"),
        # Worse than that: robots that nothing tells from the customers beside them.
        pytest.param(30, 1, 0.1, id="a tenth in customers' networks, reading every picture"),
    ],
)
def test_robots_get_little_and_customers_notice_no_more_than_a_picture(shared: int, reads: float, most: float) -> None:
    chance = random.Random(7)
    portal = after_four_weeks(chance)
    served, burned = run_day(portal, [*customers(chance, CUSTOMERS), *robots(chance, shared, reads)], chance)
    got = served[Step.OPEN] + served[Step.PICTURE]
    figures = (burned, got, served[Step.PICTURE], dict(portal.changes))
    assert got >= 0.98 * CUSTOMERS, figures
    assert burned <= most * BUDGET_BEFORE, figures


def test_a_day_of_bills_trips_nothing() -> None:
    """By chance some of 20,000 customers come from a small network in which half a dozen have not typed their code."""
    chance = random.Random(7)
    portal = after_four_weeks(chance)
    served, _ = run_day(portal, customers(chance, 10 * CUSTOMERS), chance)
    assert (+portal.changes).keys() <= {"network"}
    assert served[Step.OPEN] >= 0.999 * 10 * CUSTOMERS
    assert served[Step.OPEN] + served[Step.PICTURE] == 10 * CUSTOMERS
