"""«Сводка»: what is counted, what is shown of a period, and that it says nothing of a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from db.engine import run
from db.unavailable import DatabaseUnavailableError
from domain import usage
from domain.portal import Portal
from domain.usage_counts import What
from routes import every_handler
from routes.usage import JOURNEYS, steps_among
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock
from tests.screen import errors, words

PATH = "/staff/summary"
Another = Callable[..., Browser]


def test_every_step_is_a_form_of_the_portal() -> None:
    assert {*steps_among(every_handler()).values()} == {step for steps in JOURNEYS.values() for step in steps}


async def test_what_customers_do_is_counted_and_read(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    customer = another_browser("203.0.113.9")
    await customer.post("/registration/account/phone", {"phone": "1"})
    await customer.register()
    await usage.flush(portal, clock())
    await staff.begin(client, portal, clock)
    page = await client.get(PATH)
    shown = words(page).replace("\u00a0", " ")
    for said in (
        "Регистрации: 1", "Отправлено: 1 · введено: 1", "Телефон 1 2", "Счет-квитанция 1 0", "Пароль 1 0",
        "Телефон: Введен некорректный номер телефона 1", "Сейчас: 0", "100 % отправленных форм",
    ):  # fmt: skip
        assert said in shown, said
    rows = await run("SELECT * FROM usage_counts")
    assert rows
    assert not [row for row in rows if "79" in row["name"] or "203.0" in row["name"]]
    file = await client.get(f"{PATH}.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.startswith("\ufeff") or file.content.startswith(b"\xef\xbb\xbf")
    assert '"Регистрации";"";' in file.text
    assert '"Регистрация по лицевому счету: ошибка";"Телефон: Введен некорректный номер телефона"' in file.text


@pytest.mark.parametrize(
    "asked",
    ["from=2026-09-15&to=2026-09-01", "from=x", "to=0001-01-01", "from=2020-01-01&to=2026-01-01", "to=" + "9" * 99],
)
async def test_days_that_are_no_period_are_refused(client: Browser, portal: Portal, clock: Clock, asked: str) -> None:
    await staff.begin(client, portal, clock)
    page = await client.get(f"{PATH}?{asked}")
    assert (page.status_code, errors(page)) == (422, ["Укажите, с какого и по какой день: не больше двух лет"])
    assert location(await client.get(f"{PATH}.csv?{asked}")) == PATH


async def test_processes_add_up_and_days_are_rolled_up_and_forgotten(portal: Portal, clock: Clock, app: object) -> None:
    zone, today = portal.settings.zone, clock().astimezone(portal.settings.zone).date()
    for process in ("a", "b"):
        portal.usage.process = process
        for hours in (0, 1):
            portal.usage.add(What.SIGNED_IN, "signed-in", 2)
            await usage.flush(portal, clock() - timedelta(days=3, hours=hours))
        portal.usage.add(What.SIGNED_IN, "signed-in")
        await usage.flush(portal, clock())

    async def counted() -> list[int]:
        found = await usage.of_period(portal, today - timedelta(days=5), today, clock())
        assert found.names[What.SIGNED_IN]["signed-in"] == 10
        return [day.get(What.SIGNED_IN, 0) for day in found.days.values()]

    before = await counted()
    while await usage.roll_up(zone, clock()):
        pass
    assert await counted() == before
    assert len(await run("SELECT id FROM usage_counts")) < 6
    assert not await usage.forget_usage(clock() + usage.KEPT - timedelta(days=4), 500)
    assert await usage.forget_usage(clock() + usage.KEPT + timedelta(days=1), 500)
    assert await run("SELECT id FROM usage_counts") == []


async def test_what_could_not_be_written_is_kept(
    portal: Portal, clock: Clock, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_additions: object) -> None:
        raise DatabaseUnavailableError("away")

    portal.usage.add(What.FORM, "script", 3)
    with monkeypatch.context() as patched:
        patched.setattr("db.usage.add", fail)
        with pytest.raises(DatabaseUnavailableError):
            await usage.flush(portal, clock())
    await usage.flush(portal, clock())
    rows = await run("SELECT times FROM usage_counts WHERE name = 'script'")
    assert [row["times"] for row in rows] == [3]


async def test_nobody_else_gets_anything(client: Browser, another_browser: Another) -> None:
    customer = another_browser("203.0.113.9")
    await customer.register()
    for browser in (client, customer):
        for path in (PATH, f"{PATH}.csv"):
            assert location(await browser.get(path)).startswith(staff.SIGN_IN)
