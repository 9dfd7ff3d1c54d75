"""The password makes one customer, signed in with a new session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from domain.registration.progress import Registered
from tests.browser import COOKIE, PASSWORD, PERSON, STEPS, Browser, location, path_of
from tests.conftest import Clock, Posted
from tests.screen import errors, words

PATH = path_of("password")
TYPED = {"password": PASSWORD}
BROUGHT = Registered(4)
ReadPosted = Callable[[], Awaitable[list[Posted]]]
MakeBrowser = Callable[..., Browser]


LENGTH, COMMON, PERSONAL = (
    "от 10 до 128 знаков", "не из списка популярных паролей", "не содержит ваш телефон, имя и почту",
)  # fmt: skip


async def test_an_unmet_condition_is_marked(client: Browser) -> None:
    await client.reach("password")
    for password, broken_rules in (
        ("короткий", LENGTH),
        ("щ1ы" * 43, LENGTH),
        ("qwertyuiop", COMMON),
        ("йцукенгшщз", COMMON),
        ("мой 9123456789", PERSONAL),
        ("анна-иванова-1", PERSONAL),
        ("ivanova-2036-x", PERSONAL),
    ):
        answer = await client.post(PATH, {"password": password})
        assert answer.status_code == 422
        assert "Пароль не соответствует всем условиям" in " ".join(errors(answer))
        assert f"{broken_rules}: не выполнено" in words(answer), password
    assert await run("SELECT 1 FROM customers") == []


async def test_nothing_typed_is_told(client: Browser) -> None:
    await client.reach("password")
    assert errors(await client.post(PATH, {})) == ["Введите пароль"]


@pytest.mark.parametrize(
    "password", ["пароль с пробелами 😀", "нуль\0посередине", " пробелы по краям ", "<b>'\"&</b> длинный"]
)
async def test_any_sign_may_stand_in_a_password(client: Browser, password: str) -> None:
    await client.reach("password")
    assert location(await client.post(PATH, {"password": password})) == "/profile"
    await client.post("/sign-out")
    assert location(await client.sign_in(password)) == "/profile"


async def test_a_composed_and_a_decomposed_letter_are_the_same(client: Browser) -> None:
    await client.reach("password")
    await client.post(PATH, {"password": "Зимний чай у реки"})
    await client.post("/sign-out")
    assert location(await client.sign_in("Зимний чаи\u0306 у реки".replace("Зимний", "Зимнии\u0306"))) == "/profile"


async def test_the_conditions_tick_off_and_keep_nothing(client: Browser) -> None:
    await client.reach("password")
    answer = await client.htmx(f"{PATH}/conditions", {"password": "длинный, но анна"}, at=PATH)
    assert answer.status_code == 200
    assert "от 10 до 128 знаков: выполнено" in words(answer)
    assert "не содержит ваш телефон, имя и почту: не выполнено" in words(answer)
    assert "но анна" not in answer.text


async def test_what_comes_of_a_registration(client: Browser, posted: ReadPosted) -> None:
    await client.register()
    (customer,) = await run("SELECT * FROM customers")
    assert (customer["last_name"], customer["first_name"], customer["patronymic"]) == ("Иванова", "Анна", "Петровна")
    assert str(customer["birth_date"]) == "1984-03-05"
    assert customer["password_hash"].startswith("$argon2id$v=19$")
    assert customer["email_confirmed_at"] is None
    assert [message.name for message in await posted()] == ["registration-code", "email-confirmation"]
    assert [row["event"] for row in await run("SELECT event FROM journal ORDER BY id")] == [
        "code-requested",
        "registered",
    ]
    profile = words(await client.get("/profile"))
    for seen in ("Анна Петровна Иванова", "+7 912 345-67-89", "ivanova@example.org", "7000000111", "1 234,56 ₽"):
        assert seen in profile


async def test_the_session_is_a_new_one_and_the_old_is_not_signed_in(
    client: Browser, another_browser: MakeBrowser
) -> None:
    await client.reach("password")
    old = client.cookie
    await client.submit("password")
    assert client.cookie != old
    thief = another_browser()
    assert old is not None
    thief.http.cookies.set(COOKIE, old)
    assert location(await thief.get("/profile")) == "/"
    assert location(await thief.get(path_of("person"))) == "/sign-in/phone"
    sessions = await run("SELECT customer FROM sessions ORDER BY id")
    assert [session["customer"] is None for session in sessions] == [True, False]


async def test_an_invented_cookie_is_never_adopted(client: Browser) -> None:
    client.http.cookies.set(COOKIE, "invented")
    answer = await client.post(path_of("phone"), await client.form_of("phone"))
    given = answer.cookies[COOKIE]
    assert given != "invented"
    assert len(given) >= 43  # 256 bits
    assert await run("SELECT 1 FROM sessions") == []  # nothing has been proved yet
    client.http.cookies.clear()
    client.http.cookies.set(COOKIE, "invented")
    assert location(await client.get(path_of("code"))) == path_of("phone")


async def test_eight_presses_at_once_are_one_customer_and_all_are_let_in(
    client: Browser, another_browser: MakeBrowser, posted: ReadPosted
) -> None:
    await client.reach("password")
    token = client.cookie
    assert token is not None

    async def press() -> tuple[str, str | None]:
        tab = another_browser()
        tab.http.cookies.set(COOKIE, token)
        answer = await tab.post(PATH, {"password": PASSWORD})
        assert "Max-Age=0" not in answer.headers.get("set-cookie", ""), "a late answer must not sign out"
        return location(answer), answer.cookies.get(COOKIE)

    pressed = await asyncio.gather(*(press() for _ in range(8)))
    # Whichever cookie the browser is left with is signed in.
    for cookie in {cookie for _, cookie in pressed if cookie}:
        tab = another_browser()
        tab.http.cookies.set(COOKIE, cookie)
        assert (await tab.get("/profile")).status_code == 200
    assert "/profile" in {place for place, _ in pressed}
    assert len(await run("SELECT 1 FROM customers")) == 1
    assert len(await run("SELECT 1 FROM consents")) == 1
    assert [message.name for message in await posted()] == ["registration-code", "email-confirmation"]


async def test_pressing_again_and_again_with_the_old_cookie_lets_in(client: Browser) -> None:
    """As from a browser that has not read the first answers yet: none of them may find the session gone."""
    await client.reach("password")
    token = client.cookie
    assert token is not None
    for _ in range(4):
        client.http.cookies.clear()
        client.http.cookies.set(COOKIE, token)
        assert location(await client.post(PATH, {"password": PASSWORD})) == "/profile"
        assert (await client.get("/profile")).status_code == 200


async def test_the_old_session_opens_nothing_with_another_password_and_ends_soon(client: Browser, clock: Clock) -> None:
    await client.reach("password")
    token = client.cookie
    assert token is not None
    await client.submit("password")
    client.http.cookies.clear()
    client.http.cookies.set(COOKIE, token)
    answer = await client.post(PATH, {"password": "совсем другой пароль"})
    assert location(answer) == "/sign-in/phone"
    assert COOKIE not in answer.cookies
    clock.forward(minutes=10)
    client.http.cookies.clear()
    client.http.cookies.set(COOKIE, token)
    assert location(await client.post(PATH, {"password": PASSWORD})) == path_of("phone")


async def test_a_phone_posted_again_by_the_old_session_sends_nothing(
    client: Browser, clock: Clock, posted: ReadPosted
) -> None:
    await client.reach("password")
    token = client.cookie
    assert token is not None
    await client.submit("password")
    client.http.cookies.clear()
    client.http.cookies.set(COOKIE, token)
    clock.forward(minutes=5)
    assert location(await client.submit("phone")) == "/sign-in/phone"
    assert len(await posted()) == 2


async def test_two_sessions_of_one_phone_make_one_customer(
    client: Browser, another_browser: MakeBrowser, clock: Clock
) -> None:
    second = another_browser()
    await client.reach("password")
    clock.forward(minutes=2)
    await second.reach("password")
    answers = await asyncio.gather(client.submit("password"), second.submit("password"))
    assert sorted(map(location, answers)) == ["/profile", "/sign-in/password"]
    assert len(await run("SELECT 1 FROM customers")) == 1


async def test_back_after_the_registration_leads_to_the_profile(client: Browser, posted: ReadPosted) -> None:
    await client.register()
    for step in (*STEPS, "connection"):
        assert location(await client.get(path_of(step))) == "/profile", step
    assert location(await client.post(path_of("phone"), await client.form_of("phone"))) == "/profile"
    assert location(await client.post(PATH, {"password": PASSWORD})) == "/profile"
    ends = [
        await client.follow(await client.post(path_of(step), client.forms[step]))
        for step in STEPS[STEPS.index("bill") : -1]
    ]
    assert {answer.request.url.path for answer in ends} == {"/profile"}
    assert len(await posted()) == 2


async def test_hostile_names_are_shown_as_text(client: Browser) -> None:
    await client.reach("person")
    person: dict[str, Any] = {**PERSON, "first_name": "О'Нил-Мария"}
    client.forms["person"] = person
    for step in STEPS[STEPS.index("person") : -1]:
        await client.submit(step)
    shown = await client.follow(await client.submit("password"))
    assert shown.request.url.path == "/profile"
    assert "О'Нил-Мария" in words(shown)
