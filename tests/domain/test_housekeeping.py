"""The sweep goes on whatever happens, and leaves nothing wiped in the files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.engine import Engine, run
from domain.housekeeping import sweep, sweep_forever
from domain.portal import Portal

NOW = datetime(2026, 9, 15, tzinfo=UTC)


class _Clock:
    """Fails with each of `faults` in turn, then tells the time."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.told = asyncio.Event()

    def __call__(self) -> datetime:
        if self.faults:
            raise self.faults.pop(0)
        self.told.set()
        return NOW


async def _swept(portal: Portal, clock: _Clock) -> None:
    sweeping = asyncio.create_task(sweep_forever(portal, clock, every=0.01, first=0))
    await asyncio.wait_for(clock.told.wait(), 20)
    assert not sweeping.done()
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping


@pytest.mark.parametrize(
    "fault", [KeyError, RuntimeError, OSError, ValueError, AttributeError, MemoryError, RecursionError, TimeoutError]
)
async def test_it_outlives_anything_and_says_so_once(
    engine: Engine, portal: Portal, fault: Callable[[], BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await _swept(portal, _Clock(*(fault() for _ in range(5))))
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert type(fault()).__name__ in said.getMessage()


async def test_it_outlives_a_table_that_is_gone(
    engine: Engine, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    await run("ALTER TABLE throttles RENAME TO throttles_away")
    clock = _Clock()
    sweeping = asyncio.create_task(sweep_forever(portal, clock, every=0.01, first=0))
    while not caplog.records:  # noqa: ASYNC110 - nothing else tells that it was said
        await asyncio.sleep(0.01)
    await run("ALTER TABLE throttles_away RENAME TO throttles")
    clock.told.clear()
    await asyncio.wait_for(clock.told.wait(), 20)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_was_wiped_is_in_no_file_after_the_sweep(engine: Engine, portal: Portal, database: str) -> None:
    secret = "what nobody is to find again"
    path = Path(database.removeprefix("sqlite:"))

    def found() -> list[str]:
        return [file.name for file in path.parent.glob(f"{path.name}*") if secret.encode() in file.read_bytes()]

    await run("INSERT INTO accounts (number, address) VALUES ('1', {})", secret)
    await run("UPDATE accounts SET address = ''")
    assert found() == [f"{path.name}-wal"]
    await sweep(portal, NOW)
    assert found() == []
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0


async def test_what_was_kept_for_its_time_goes_in_portions_and_the_rest_stays(
    engine: Engine, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.housekeeping._PORTION", 2)
    monkeypatch.setattr("domain.housekeeping._PAUSE", 0)
    days = portal.settings.outbox_days, portal.settings.request_days, portal.settings.journal_days
    outbox_end, requests_end, journal_end = (NOW - timedelta(days=number) for number in days)
    before = timedelta(seconds=-1)
    for place in range(5):
        await run(
            "INSERT INTO outbox (kind, message, sealed, state, created_at, next_at, expires_at, settled_at, past,"
            " last_choice, reason) VALUES ('sms', 'm', '', 'sent', {}, {}, {}, {}, '', '', '')",
            NOW, NOW, NOW, outbox_end + before if place < 3 else outbox_end if place < 4 else None,
        )  # fmt: skip
        await run(
            "INSERT INTO connection_requests (created_at, sealed, handled_at) VALUES ({}, '', {})",
            requests_end + before, requests_end + before if place < 3 else requests_end if place < 4 else None,
        )  # fmt: skip
        await run("INSERT INTO bills (account, period, amount_kopecks) VALUES ({}, '2023-08', 1)", place)
        await run("INSERT INTO bills (account, period, amount_kopecks) VALUES ({}, '2023-09', 1)", place)
        await run("INSERT INTO imports (at, done) VALUES ({}, {})", journal_end + before * (1 - place % 2), True)
    await sweep(portal, NOW)
    assert [row["id"] for row in await run("SELECT id FROM outbox ORDER BY id")] == [4, 5]
    assert [row["id"] for row in await run("SELECT id FROM connection_requests ORDER BY id")] == [4, 5]
    assert {row["period"] for row in await run("SELECT period FROM bills")} == {"2023-09"}
    assert [row["id"] for row in await run("SELECT id FROM imports ORDER BY id")] == [2, 4]
