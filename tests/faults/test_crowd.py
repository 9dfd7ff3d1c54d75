"""Sixteen visitors at once at two processes of one PostgreSQL: nobody is refused for what strangers did."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest

from db.engine import make_engine, opened, run
from tests.browser import headers_of_a_browser, path_of
from tests.databases import empty_postgres
from tests.faults.portal_process import PortalProcess, running_portal

VISITORS, STEPS = 16, 320
OWN_CLOCK = "tests.faults.portal_with_its_own_clock:create"
SETTINGS = {"KABINET_SMS_PER_IP_HOUR": "10000", "KABINET_SMS_PER_IP_DAY": "10000", "KABINET_DELIVERY": "separate"}


async def first_steps(portals: list[PortalProcess]) -> list[str]:
    """What every refused visitor was told; each types a number of their own, at the two processes in turn."""
    refused: list[str] = []
    numbers = iter(range(STEPS))

    async def session() -> None:
        async with httpx.AsyncClient(headers=headers_of_a_browser(), timeout=60) as http:
            for n in numbers:
                http.cookies.clear()
                form = {"phone": f"+7 912 300 {n // 100:02d} {n % 100:02d}", "consent": "yes"}
                answer = await http.post(portals[n % 2].base + path_of("phone"), data=form)
                if answer.status_code != 303:
                    refused.append(f"{answer.status_code} {re.findall('<p class=.error.>(.*?)</p>', answer.text)}")

    began = time.perf_counter()
    await asyncio.gather(*(session() for _ in range(VISITORS)))
    print(f"{STEPS} first steps in {time.perf_counter() - began:.1f} s, {len(refused)} refused")  # noqa: T201
    return refused


@pytest.mark.parametrize(
    "clocks",
    [
        pytest.param(None, id="the database's clock"),
        pytest.param(("0", "-2"), id="two seconds apart"),
        pytest.param(("3600", "0"), id="an hour ahead"),
    ],
)
async def test_sixteen_visitors_at_once_are_all_let_through(
    postgres_uri: str, tmp_path: Path, clocks: tuple[str, str] | None
) -> None:
    """Also where each process goes by a clock of its own, which it does not outside this test."""
    database = await empty_postgres(postgres_uri, "kabinet_template")
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    more = [{"TESTS_CLOCK_SECONDS": seconds} for seconds in clocks] if clocks else [{}, {}]
    app = OWN_CLOCK if clocks else "app:create_app"
    async with (
        running_portal(database, folders[0], app=app, KABINET_LOG_LEVEL="warning", **SETTINGS, **more[0]) as one,
        running_portal(database, folders[1], app=app, KABINET_LOG_LEVEL="warning", **SETTINGS, **more[1]) as two,
    ):
        assert await first_steps([one, two]) == []
    async with opened(make_engine(database)):
        assert len(await run("SELECT id FROM outbox")) == STEPS
        counted = await run("SELECT sum(hits) AS hits, count(*) AS n FROM throttles WHERE key LIKE 'sms-portal-day:%'")
        assert (counted[0]["hits"], counted[0]["n"]) == (STEPS, 16)
