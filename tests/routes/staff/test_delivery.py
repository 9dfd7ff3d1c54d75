"""«Доставка»: the last 24 hours, what waits, and gateways that an admin holds and releases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db import alerts, gateways, governor, outbox
from db.engine import run, transaction
from domain.portal import Portal
from domain.staff.people import Role
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock
from tests.screen import errors, words

PATH = "/staff/delivery"
GATEWAYS = "smpp://kabinet:secret@127.0.0.1:2775#first,https+smsc://login:password@sms.example.org/sys/send.php"
SECOND = "sms.example.org"
Another = Callable[..., Browser]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"sms": GATEWAYS, "delivery": "separate"}


async def settled(clock: Clock, gateway: str, state: str, **before: float) -> None:
    at = clock() - timedelta(**before)
    number = await outbox.put("sms", "registration-code", "sealed", at, at)
    await outbox.begin([number], 0, gateway, "", at)
    await outbox.settle([number], 0, state, "", at)


async def test_an_operator_sees_what_was_sent_and_what_waits(client: Browser, portal: Portal, clock: Clock) -> None:
    await staff.begin(client, portal, clock)
    await outbox.put("sms", "registration-code", "sealed", clock() - timedelta(minutes=4), clock(), priority=0)
    for gateway, state, hours in (
        ("first", "sent", 0), ("first", "delivered", 3), (SECOND, "unknown", 3), ("", "expired", 20),
        ("removed", "failed", 25), ("first", "sent", 30),
    ):  # fmt: skip
        await settled(clock, gateway, state, hours=hours)
    await gateways.report("first", clock(), 1_250_000)
    async with transaction():
        await alerts.begin("gateway sms.example.org", clock())
        await governor.change("s", "range", "+7900", 0, 3, clock())
    page = await client.get(PATH)
    shown = words(page)
    for said in (
        "Отправлено: 2 · не дошло или неизвестно: 2", "с кодами: 1 · дольше всего 4 минуты", "Письма за сутки",
        "Шлюз sms.example.org не работает", "Номера +7900…: никому", "осталось 12 500,00 ₽",
        "sms.example.org СМС Никто через него не отправляет",
    ):  # fmt: skip
        assert said in shown.replace("\u00a0", " "), said
    assert page.text.count('<rect class="series-0"') == 2
    assert page.text.count('<rect class="series-1"') == 2
    assert "secret" not in page.text
    assert "Приостановить" not in shown, "an operator only reads"
    for path in (f"{PATH}/hold", f"{PATH}/release"):
        assert (await client.get(f"{path}?gateway=first")).status_code == 404
        assert (await client.post(path, {"gateway": "first", "why": "так"})).status_code == 404
    assert not [row for row in await gateways.known() if row["held_at"]]


async def test_an_admin_holds_and_releases_with_a_reason(client: Browser, portal: Portal, clock: Clock) -> None:
    await staff.begin(client, portal, clock, role=Role.ADMIN)
    assert "Приостановить" in words(await client.get(f"{PATH}/hold?gateway=first"))
    refused = await client.post(f"{PATH}/hold", {"gateway": "first"})
    assert (refused.status_code, errors(refused)) == (422, ["Напишите причину"])
    form = {"gateway": "first", "why": "меняем договор"}
    answers = await asyncio.gather(*(client.post(f"{PATH}/hold", form) for _ in range(3)))
    assert {location(answer) for answer in answers} == {PATH}
    assert "Приостановлен" in words(await client.get(PATH))
    assert [row["name"] for row in await gateways.known() if row["held_at"]] == ["first"]
    assert location(await client.post(f"{PATH}/release", form)) == PATH
    assert location(await client.post(f"{PATH}/release", form)) == PATH
    assert not [row for row in await gateways.known() if row["held_at"]]
    entries = await run("SELECT event, subject, reason_sealed FROM staff_journal WHERE event LIKE 'gateway-%'")
    assert [(row["event"], row["subject"]) for row in entries] == [
        ("gateway-held", "first"), ("gateway-released", "first"),
    ]  # fmt: skip
    assert portal.sealing.unseal(entries[0]["reason_sealed"]) == "меняем договор"
    for name in ("third", "", "x" * 300):
        assert (await client.post(f"{PATH}/hold", {"gateway": name, "why": "так"})).status_code == 404
        assert (await client.get(f"{PATH}/hold?gateway={name}")).status_code == 404


async def test_whoever_lost_their_rights_meanwhile_changes_nothing(
    client: Browser, portal: Portal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domain.staff import delivery

    await staff.begin(client, portal, clock, role=Role.ADMIN)
    change = delivery.change

    async def removed_first(*args: Any, **more: Any) -> Any:
        await run("UPDATE staff SET role = 'operator'")
        return await change(*args, **more)

    monkeypatch.setattr(delivery, "change", removed_first)
    answer = await client.post(f"{PATH}/hold", {"gateway": "first", "why": "так"})
    assert location(answer) == staff.SIGN_IN
    assert not [row for row in await gateways.known() if row["held_at"]]


async def test_nobody_else_gets_anything(client: Browser, another_browser: Another) -> None:
    customer = another_browser("203.0.113.9")
    await customer.register()
    for browser in (client, customer):
        for path in (PATH, f"{PATH}/hold?gateway=first"):
            assert location(await browser.get(path)).startswith(staff.SIGN_IN)
        assert location(await browser.post(f"{PATH}/hold", {"gateway": "first"})) == staff.SIGN_IN
