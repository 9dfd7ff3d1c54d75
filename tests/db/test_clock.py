"""The time is the database's: a machine whose own clock is wrong judges as the others do."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pytest

from db import clock as clock_module
from db.clock import DatabaseClock
from db.engine import Engine, run

NEAR = timedelta(seconds=1)


class WrongClock(datetime):
    """This machine's date, an hour ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(hours=1)


async def test_a_machine_whose_clock_is_ahead_tells_the_databases_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "datetime", WrongClock)
    clock = DatabaseClock()
    ahead = clock()
    await clock.set()
    if engine.engine_type == "sqlite":
        # One machine: its clock is everybody's.
        assert clock() >= ahead
        return
    told = (await run("SELECT clock_timestamp() AS now"))[0]["now"]
    assert abs(clock() - told) < NEAR
    assert ahead - clock() > timedelta(minutes=59)


async def test_between_two_questions_it_goes_by_what_no_correction_moves(engine: Engine) -> None:
    passed = [1000.0]
    clock = DatabaseClock(lambda: passed[0])
    await clock.set()
    if engine.engine_type == "sqlite":
        return
    began = clock()
    passed[0] += 90
    assert clock() - began == timedelta(seconds=90)


async def test_a_slow_answer_moves_nothing(engine: Engine) -> None:
    ticks = iter([0.0, 0.0, 10.0, 10.0, 30.0, 40.0])
    clock = DatabaseClock(lambda: next(ticks))
    await clock.set()
    if engine.engine_type == "sqlite":
        return
    first = clock()
    await clock.set()
    assert clock() - first == timedelta(seconds=30)
