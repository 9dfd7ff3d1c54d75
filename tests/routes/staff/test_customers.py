"""«Клиенты»: who is found by what, what is open to whom and for how long, and what both journals say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from db.engine import run
from domain.portal import Portal
from tests import staff
from tests.browser import BILL, REQUEST, Browser, location, path_of
from tests.conftest import Clock
from tests.holder import clear_throttles
from tests.screen import errors, words

PATH, WHY = "/staff/customers", "звонок клиента"
OPENED = "Сотрудник компании открывал ваши данные"
Another = Callable[..., Browser]


async def search(clerk: Browser, text: str, why: str = WHY) -> Any:
    return await clerk.post(PATH, {"search": text, "purpose": why})


async def entries(*columns: str) -> list[Any]:
    return [*await run(f"SELECT {', '.join(columns)} FROM staff_journal WHERE event LIKE 'customer%' ORDER BY number")]


@pytest.fixture
async def customer(another_browser: Another) -> Browser:
    browser = another_browser("203.0.113.9")
    await browser.register()
    await clear_throttles()
    return browser


async def test_a_customer_is_found_by_what_names_them_and_masked_until_shown(
    client: Browser, customer: Browser, portal: Portal, clock: Clock
) -> None:
    await staff.begin(client, portal, clock)
    assert errors(await client.post(PATH, {})) == ["Введите, кого искать", "Напишите причину"]
    assert errors(await search(client, "8 (900) 000-00-00")) == ["Клиента с такими данными нет"]
    for text in ("8 912 345 67 89", BILL["account_number"], f" л/с {BILL['account_number']}"):
        assert location(await search(client, text)) == f"{PATH}/1", text
    card = await client.get(f"{PATH}/1")
    for hidden in ("Иванова", "345-67", BILL["account_number"], "ivanova@example.org", "05.03.1984", "203.0.113.9"):
        assert hidden not in card.text, hidden
    for seen in ("Анна Петровна И···", "+7 912 ···-··-89", "···0111", "Причина: звонок клиента", "Регистрация"):
        assert seen in words(card), seen
    assert errors(await client.post(f"{PATH}/1/shown", {"purpose": " "})) == ["Напишите причину"]
    card = await client.follow(await client.post(f"{PATH}/1/shown", {"purpose": "сверка адреса"}))
    for seen in ("Иванова Анна Петровна", "+7 912 345-67-89", BILL["account_number"], "05.03.1984", "203.0.113.9"):
        assert seen in words(card), seen
    clock.forward(minutes=11)
    assert "Иванова" not in (await client.get(f"{PATH}/1")).text
    seen = words(await customer.get("/profile/security"))
    assert OPENED in seen
    assert "petrova" not in seen
    rows = await entries("event", "subject", "customer", "staff")
    assert [row["event"] for row in rows] == [
        *["customers-searched"] * 4, "customer-opened", "customer-unmasked", "customer-opened", "customer-opened",
    ]  # fmt: skip
    assert [row["subject"] for row in rows[:4]] == ["by nothing found", "by phone", "by account", "by account"]
    assert {row["customer"] for row in rows[1:]} == {1}
    assert {row["staff"] for row in rows} == {1}
    assert WHY not in str(await entries("reason_sealed"))
    assert (await client.get(PATH)).text.count('href="/staff/customers/1"') == 1


async def test_a_customer_is_found_by_their_request(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    applicant = another_browser("203.0.113.9")
    await applicant.reach("bill")
    await applicant.post(path_of("bill"), {**BILL, "amount": "1,00"})
    await applicant.post(path_of("connection"), REQUEST)
    await staff.begin(client, portal, clock)
    assert errors(await search(client, "№ 1")) == ["Клиента с такими данными нет"]
    await clear_throttles()
    await another_browser("203.0.113.10").register()
    assert location(await search(client, "№ 1")) == f"{PATH}/1"


async def test_nobody_goes_through_the_customers(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    """Open are only those that this session has found, for half an hour; others answer like those that do not exist."""
    await staff.begin(client, portal, clock)
    other = another_browser("203.0.113.11")
    await staff.begin(other, portal, clock, "sidorov@example.org")
    assert location(await search(client, "8 912 345 67 89")) == f"{PATH}/1"
    for browser, number in ((other, "1"), (other, "2"), (client, "2")):
        for answer in (
            await browser.get(f"{PATH}/{number}"),
            await browser.follow(await browser.post(f"{PATH}/{number}/shown", {"purpose": WHY})),
        ):
            shown = await browser.follow(answer)
            assert shown.request.url.path == PATH
            assert "Анна Петровна" not in words(shown) or browser is client
    assert [row["event"] for row in await entries("event")] == ["customers-searched"]
    for wrong in ("0", "x", "9" * 20, "1e1", "-1"):
        assert (await client.get(f"{PATH}/{wrong}")).status_code == 404, wrong
    clock.forward(minutes=14)
    assert (await client.get(f"{PATH}/1")).status_code == 200
    clock.forward(minutes=14)
    assert (await client.get(f"{PATH}/1")).status_code == 200
    clock.forward(minutes=3)
    assert location(await client.get(f"{PATH}/1")) == PATH


@pytest.mark.parametrize("changed", [{"staff_searches_hour": 3}])
async def test_searches_are_counted_for_each_person_whatever_they_find(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock, changed: dict[str, Any]
) -> None:
    await staff.begin(client, portal, clock)
    for number in ("8 900 000-00-00", "8 900 000-00-01", "8 912 345 67 89"):
        await search(client, number)
    refused = await search(client, "8 912 345 67 89")
    assert refused.status_code == 422
    assert errors(refused)[0].startswith("Слишком много поисков. Повторите")
    assert len(await entries("event")) == 3
    other = another_browser("203.0.113.11")
    await staff.begin(other, portal, clock, "sidorov@example.org")
    assert location(await search(other, "8 912 345 67 89")) == f"{PATH}/1"


@pytest.mark.parametrize("who", ["nobody", "customer", "removed"])
async def test_only_the_staff_search_and_open(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock, who: str
) -> None:
    attacker = customer if who == "customer" else client
    if who == "customer":
        attacker.http.cookies.set("kabinet-staff", str(customer.cookie), domain="127.0.0.1")
    if who == "removed":
        await staff.begin(client, portal, clock)
        await search(client, "8 912 345 67 89")
        await run("UPDATE staff SET removed_at = added_at")
    before = await run("SELECT number FROM staff_journal")
    for path in (PATH, f"{PATH}/1", f"{PATH}/1/shown"):
        assert location(await attacker.get(path)).startswith("/staff/sign-in"), path
    for path in (PATH, f"{PATH}/1/shown"):
        answer = await attacker.post(path, {"search": "8 912 345 67 89", "purpose": WHY})
        assert location(answer) == "/staff/sign-in", path
    assert await run("SELECT number FROM staff_journal") == before
    clerk = another_browser("203.0.113.10")
    await staff.begin(clerk, portal, clock, "sidorov@example.org")
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in (PATH, f"{PATH}/1/shown"):
        answer = await clerk.post(path, {"search": "8 912 345 67 89", "purpose": WHY}, headers=foreign)
        assert answer.status_code == 403, path
