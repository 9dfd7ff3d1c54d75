"""What a clerk does for a customer: once, by the right role, and in both journals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from domain.portal import Portal
from domain.staff.people import Role
from tests import staff
from tests.browser import BILL, PASSWORD, Browser, location
from tests.conftest import Clock, Posted
from tests.holder import clear_throttles
from tests.routes.staff.test_customers import WHY, search
from tests.screen import errors, words

ONE = "/staff/customers/1"
PHONE = "8 912 345 67 89"
ACTS = {
    "lock": {"lock": "sign-in"},
    "sessions": {},
    "message": {},
    "accounts/1": {"purpose": WHY},
    "deletion": {"purpose": WHY},
}
Another = Callable[..., Browser]
ReadPosted = Callable[[], Awaitable[list[Posted]]]


@pytest.fixture
async def customer(another_browser: Another) -> Browser:
    browser = another_browser("203.0.113.9")
    await browser.register()
    await clear_throttles()
    return browser


async def done(event: str) -> list[Any]:
    return [*await run("SELECT staff, customer, subject FROM staff_journal WHERE event = {} ORDER BY number", event)]


async def refused_sign_ins(browser: Browser, times: int) -> Any:
    await browser.post("/sign-in/phone", {"phone": browser.phone})
    for _ in range(times):
        answer = await browser.post("/sign-in/password", {"password": "неверный пароль"})
    return answer


async def can_sign_in(browser: Browser) -> bool:
    await browser.post("/sign-in/phone", {"phone": browser.phone})
    return bool((await browser.post("/sign-in/password", {"password": PASSWORD})).status_code == 303)


@pytest.mark.parametrize("device", ["known", "new"])
async def test_a_lock_of_the_sign_in_is_seen_and_lifted_wherever_it_is(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock, device: str
) -> None:
    """On a device that signed in before, which has a counter of its own, and from a network that did not."""
    locked = customer if device == "known" else another_browser("198.51.100.7")
    if device == "known":
        await customer.post("/sign-out")
        assert await can_sign_in(customer)
        await customer.post("/sign-out")
    await refused_sign_ins(locked, 6)
    assert not await can_sign_in(locked)
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    assert "Вход: неверные пароли" in words(await client.get(ONE))
    answer = await client.follow(await client.post(f"{ONE}/lock", {"lock": "sign-in"}))
    assert "Блокировка снята" in words(answer)
    assert "Вход: неверные пароли" not in words(answer)
    assert await can_sign_in(locked)
    assert "Сотрудник компании снял блокировку" in words(await locked.get("/profile/security"))
    for kind in ("sign-in", "", "x", "bills"):
        await client.post(f"{ONE}/lock", {"lock": kind})
    assert [row["subject"] for row in await done("customer-lock-lifted")] == ["sign-in"]


async def test_other_locks_are_lifted_too_and_those_of_others_are_not(
    client: Browser, customer: Browser, portal: Portal, clock: Clock
) -> None:
    for amount in ("1,00", "2,00", "3,00", "4,00", "5,00", "6,00"):
        await customer.post("/profile/accounts/new", {**BILL, "amount": amount})
    await customer.post("/sign-out")
    await customer.post("/sign-in/phone", {"phone": customer.phone})
    await customer.post("/recovery")
    before = {row["key"]: row["hits"] for row in await run("SELECT key, hits FROM throttles")}
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    shown = words(await client.get(ONE))
    assert "Лицевые счета: неверные данные счета" in shown
    for kind in ("bills", "codes"):
        assert (await client.post(f"{ONE}/lock", {"lock": kind})).status_code == 303
    assert "Блокировки" not in words(await client.get(ONE))
    after = {row["key"]: row["hits"] for row in await run("SELECT key, hits FROM throttles")}
    lifted = {key.partition(":")[0] for key, hits in after.items() if before.get(key, 0) > hits}
    assert lifted >= {"bill-phone-day"}
    assert not {kind for kind in lifted if "-ip-" in kind or "portal" in kind or "range" in kind}


async def test_sessions_end_at_once(client: Browser, customer: Browser, portal: Portal, clock: Clock) -> None:
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    for _ in range(2):
        answer = await client.follow(await client.post(f"{ONE}/sessions"))
        assert "Все сеансы клиента завершены" in words(answer)
    assert location(await customer.get("/profile")) == "/"
    assert len(await done("customer-sessions-ended")) == 1
    assert await can_sign_in(customer)
    assert "Сотрудник компании завершил все сеансы" in words(await customer.get("/profile/security"))


async def test_an_account_is_detached_and_everybody_who_has_it_reads_of_the_look(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    other = another_browser("203.0.113.10")
    other.phone = "+7 900 111-22-33"
    await other.register()
    await clear_throttles()
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    page = await client.get(f"{ONE}/accounts/1")
    assert words(page).count("Анна Петровна И···") == 2
    assert words(page).count("добавил счет") == 2
    assert BILL["account_number"] not in page.text
    assert "Сотрудник компании открывал ваши данные" in words(await other.get("/profile/security"))
    assert errors(await client.post(f"{ONE}/accounts/1", {"purpose": ""})) == ["Напишите причину"]
    answers = await asyncio.gather(*(client.post(f"{ONE}/accounts/1", {"purpose": "квартира продана"}) for _ in "123"))
    assert {location(answer) for answer in answers} == {ONE}
    assert len(await done("customer-account-detached")) == 1
    assert BILL["account_number"] not in words(await customer.get("/profile"))
    assert "отсоединил лицевой счет" in words(await customer.get("/profile/security"))
    assert BILL["account_number"] in words(await other.get("/profile"))
    for account in ("1", "2", "999"):
        assert location(await client.get(f"{ONE}/accounts/{account}")) == "/staff/customers"


async def test_an_admin_deletes_after_a_second_factor_only(
    client: Browser, customer: Browser, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    admin = await staff.begin(client, portal, clock, role=Role.ADMIN)
    await search(client, PHONE)
    for answer in (await client.get(f"{ONE}/deletion"), await client.post(f"{ONE}/deletion", {"purpose": WHY})):
        assert answer.headers["location"] == f"/staff/confirmation?next={ONE}/deletion"
    assert [row["id"] for row in await run("SELECT id FROM customers")] == [1]
    await admin.confirm()
    assert "Отзыв согласия на бумаге" in words(await client.get(f"{ONE}/deletion"))
    assert errors(await client.post(f"{ONE}/deletion", {"purpose": ""})) == ["Напишите причину"]
    answers = [await client.post(f"{ONE}/deletion", {"purpose": "заявление № 5"}) for _ in range(2)]
    assert {location(answer) for answer in answers} == {"/staff/customers"}
    assert await run("SELECT id FROM customers") == []
    assert (await posted())[-1].name == "cabinet-deleted"
    assert location(await customer.get("/profile")) == "/"
    assert len(await run("SELECT id FROM consents WHERE customer IS NULL")) == 1
    assert [(row["staff"], row["customer"]) for row in await done("customer-deleted")] == [(1, 1)]


@pytest.mark.parametrize("who", ["nobody", "customer", "operator", "not searched", "removed meanwhile"])
async def test_nobody_acts_who_may_not(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock, who: str
) -> None:
    attacker = customer if who == "customer" else client
    if who == "customer":
        attacker.http.cookies.set("kabinet-staff", str(customer.cookie), domain="127.0.0.1")
    elif who != "nobody":
        role = Role.OPERATOR if who == "operator" else Role.ADMIN
        person = await staff.begin(client, portal, clock, role=role)
        if who != "not searched":
            await search(client, PHONE)
        await person.confirm()
    if who == "removed meanwhile":
        await run("UPDATE staff SET removed_at = added_at")
    await refused_sign_ins(another_browser("198.51.100.7"), 6)
    tables = ("customers", "customer_accounts", "sessions", "staff_journal")
    before = [await run(f"SELECT count(*) AS n FROM {table}") for table in tables]
    for act, typed in ACTS.items():
        if who == "operator" and act != "deletion":
            continue
        answers = [await attacker.post(f"{ONE}/{act}", typed), await attacker.get(f"{ONE}/{act}")]
        for answer in answers:
            if who == "operator":
                assert answer.status_code == 404, act
            else:
                ways = {"/staff/sign-in", "/staff/customers", ONE}
                assert location(answer).partition("?")[0] in ways, act
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert (await attacker.post(f"{ONE}/{act}", typed, headers=foreign)).status_code == 403, act
    assert [await run(f"SELECT count(*) AS n FROM {table}") for table in tables] == before
