"""The circuit breaker of a gateway, and which gateway gets the next message."""

from __future__ import annotations

from domain.delivery.channels.channel import Begin, DeliveryFailed, Outgoing, Taken
from domain.delivery.gateways import Gateway, next_gateway
from domain.delivery.health import FAILURES, RESTS, Health

AWAY = DeliveryFailed("away", "nobody there")
UNKNOWN = DeliveryFailed("unknown", "no answer")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Way:
    window = 3

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        return Taken()

    async def close(self) -> None: ...


def gateways(time: Time) -> list[Gateway]:
    return [Gateway(name, Way(), time) for name in ("first", "second")]


def fail(gateway: Gateway, failure: DeliveryFailed = AWAY, times: int = 1) -> None:
    for _ in range(times):
        gateway.finish(gateway.take(), failure)


def test_one_failure_among_successes_changes_nothing() -> None:
    time = Time()
    health = Health(time)
    for _ in range(20):
        assert not health.failed(time())
        assert health.rests_for == 0
        assert not health.answered()


def test_it_rests_longer_and_longer_and_is_set_aside_once() -> None:
    time = Time()
    health = Health(time)
    rests, opened = [], []
    for _ in range(len(RESTS) + 3):
        opened.append(health.failed(time()))
        rests.append(round(health.rests_for, 1))
        time.now += health.rests_for
    assert rests == [0, *RESTS, RESTS[-1], RESTS[-1]]
    assert opened.index(True) == FAILURES - 1
    assert opened.count(True) == 1
    # Codes wait for a customer: none is retried less often than every 15 seconds.
    assert max(rests) <= 15
    assert health.answered()
    assert (health.is_open, health.rests_for) == (False, 0)
    assert not health.answered()


def test_it_is_left_alone_for_as_long_as_it_asks() -> None:
    time = Time()
    health = Health(time)
    assert not health.failed(time(), rest=30)
    assert health.rests_for == 30
    health.failed(time(), rest=10**9)
    assert health.rests_for == 300


def test_what_failed_together_is_one_reason_to_rest() -> None:
    time = Time()
    health = Health(time)
    time.now += 1
    opened = [health.failed(begun=time.now - 1) for _ in range(100)]
    assert (opened.count(True), health.is_open, round(health.rests_for, 1)) == (1, True, RESTS[0])
    time.now += 1
    health.failed(begun=time.now)
    assert round(health.rests_for, 1) == RESTS[1]


def test_the_next_takes_over_and_the_first_comes_back_by_one_probe() -> None:
    time = Time()
    first, second = both = gateways(time)
    assert next_gateway(both) is first
    fail(first, times=FAILURES)
    assert first.health.is_open
    assert next_gateway(both) is second
    time.now += 15
    assert next_gateway(both) is first
    probe = first.take()
    assert next_gateway(both) is second
    first.finish(probe, None)
    assert next_gateway(both) is first
    assert first.free == Way.window


def test_a_full_window_is_no_reason_to_take_the_next() -> None:
    time = Time()
    first, second = both = gateways(time)
    places = [first.take() for _ in range(Way.window)]
    assert next_gateway(both) is None
    # But where all of it is silent, it is.
    time.now += 4
    assert next_gateway(both) is second
    assert next_gateway([first]) is None
    first.finish(places[0], None)
    assert next_gateway(both) is first


def test_one_that_answers_others_is_not_silent() -> None:
    time = Time()
    first, _ = both = gateways(time)
    first.take()
    for _ in range(10):
        time.now += 2
        first.finish(first.take(), DeliveryFailed("later", "greylisted"))
        assert next_gateway(both) is first
    time.now += 2
    # What ends without an answer is none.
    first.finish(first.take(), UNKNOWN)
    time.now += 2
    assert next_gateway(both) is not first


def test_what_speaks_against_a_gateway() -> None:
    against = {
        follows: DeliveryFailed(follows, "").gateways_fault for follows in ("refused", "later", "away", "unknown")
    }
    assert against == {"refused": False, "later": False, "away": True, "unknown": True}
    assert DeliveryFailed("later", "it refuses us", operator=True).gateways_fault


def test_those_that_may_have_it_already_are_left_out() -> None:
    first, second = both = gateways(Time())
    assert next_gateway(both, {"first"}) is second
    assert next_gateway(both, {"first", "second"}) is None
    assert next_gateway(both, {"removed from the settings"}) is first
