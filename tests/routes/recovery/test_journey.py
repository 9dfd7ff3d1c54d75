"""A new password by SMS: for known and unknown numbers alike, in turn, once, and never with another's code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.browser import ANOTHER, PASSWORD, PHONE, Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, words

NEW = "осенний берег у моря"
UNKNOWN = "+7 900 765-43-21"
Outbox = Callable[[], Awaitable[list[Posted]]]


async def _begin(client: Browser, phone: str = PHONE) -> None:
    await client.post("/sign-in/phone", {"phone": phone})
    assert location(await client.post("/recovery")) == "/recovery/code"


async def _recover(client: Browser, password: str = NEW) -> str:
    await _begin(client)
    assert (
        location(await client.post("/recovery/code", {"code": await client.read_code(PHONE)})) == "/recovery/password"
    )
    saved = await client.post("/recovery/password", {"password": password})
    assert location(saved) == "/sign-in/password"
    return str(saved.headers["location"])


async def test_new_password_ends_every_session_and_is_told_by_email(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox, clock: Clock
) -> None:
    await client.register()
    clock.forward(minutes=2)
    other = another_browser()
    note = words(await other.get(await _recover(other)))
    assert "Пароль сохранен, все остальные сеансы завершены" in note
    assert location(await client.get("/profile")) == "/"
    assert (await posted())[-1].name == "password-changed"
    assert errors(await other.sign_in(PASSWORD)) == ["Неверный логин или пароль"]
    assert location(await other.sign_in(NEW)) == "/profile"


async def test_the_sign_in_goes_on_with_the_number_whose_password_was_saved(client: Browser, clock: Clock) -> None:
    """Whatever was typed there in another tab meanwhile: the new password would be counted against that number."""
    await client.register()
    await client.post("/sign-out")
    clock.forward(minutes=2)
    await _begin(client)
    await client.post("/recovery/code", {"code": await client.read_code(PHONE)})
    await client.post("/sign-in/phone", {"phone": UNKNOWN})
    assert location(await client.post("/recovery/password", {"password": NEW})) == "/sign-in/password"
    assert "Пароль сохранен, все остальные сеансы завершены" in words(await client.get("/sign-in/password"))
    assert location(await client.post("/sign-in/password", {"password": NEW})) == "/profile"


async def test_unknown_number_walks_the_same_way_without_an_sms(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox, clock: Clock
) -> None:
    await client.register()
    clock.forward(days=1, minutes=1)  # until the SMS of the registration counts no more
    sent = len(await posted())
    shown = []
    for phone in (PHONE, UNKNOWN):
        visitor = another_browser()
        await _begin(visitor, phone)
        page = await visitor.get("/recovery/code")
        wrong = await visitor.post("/recovery/code", {"code": "000000"})
        again = await visitor.post("/recovery/code", ANOTHER)
        shown.append([(a.status_code, errors(a), len(a.content), sorted(a.headers)) for a in (page, wrong, again)])
    assert shown[0] == shown[1]
    assert [p.to for p in (await posted())[sent:]] == ["+79123456789"]


async def test_steps_out_of_turn_lead_to_where_the_customer_is(client: Browser) -> None:
    await client.register()
    await client.post("/sign-out")
    for path in ("/recovery", "/recovery/code", "/recovery/password", "/recovery/phone"):
        assert location(await client.get(path)) == "/sign-in/phone"
    assert location(await client.post("/recovery/password", {"password": NEW})) == "/sign-in/phone"


async def test_password_before_the_code_is_not_set(client: Browser, clock: Clock) -> None:
    await client.register()
    await client.post("/sign-out")
    clock.forward(minutes=2)
    await _begin(client)
    assert location(await client.post("/recovery/password", {"password": NEW})) == "/recovery/code"
    assert location(await client.sign_in(PASSWORD)) == "/profile"


async def test_code_of_one_session_is_worth_nothing_in_a_session_that_has_not_asked(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    await client.register()
    clock.forward(minutes=2)
    asked, stranger = another_browser(), another_browser()
    await _begin(asked)
    code = await client.read_code(PHONE)
    await stranger.post("/sign-in/phone", {"phone": UNKNOWN})
    await stranger.post("/recovery")
    assert errors(await stranger.post("/recovery/code", {"code": code})) == ["Код не соответствует полученному в СМС"]
    assert location(await asked.post("/recovery/code", {"code": code})) == "/recovery/password"


async def test_recovery_stays_open_while_the_sign_in_is_locked_and_lifts_the_lock(
    client: Browser, clock: Clock
) -> None:
    await client.register()
    await client.post("/sign-out")
    clock.forward(minutes=2)
    for _ in range(5):
        await client.sign_in("not this one")
    assert "Превышено число попыток входа" in errors(await client.sign_in(PASSWORD))[0]
    await _recover(client)
    assert location(await client.sign_in(NEW)) == "/profile"


async def test_saved_eight_times_at_once_is_saved_once(client: Browser, posted: Outbox, clock: Clock) -> None:
    await client.register()
    await client.post("/sign-out")
    clock.forward(minutes=2)
    await _begin(client)
    await client.post("/recovery/code", {"code": await client.read_code(PHONE)})
    answers = await asyncio.gather(*(client.post("/recovery/password", {"password": NEW}) for _ in range(8)))
    assert {location(answer) for answer in answers} == {"/sign-in/password"}
    assert [p.name for p in await posted()].count("password-changed") == 1


async def test_weak_password_is_refused_with_each_unmet_condition_marked(client: Browser, clock: Clock) -> None:
    await client.register()
    await client.post("/sign-out")
    clock.forward(minutes=2)
    await _begin(client)
    await client.post("/recovery/code", {"code": await client.read_code(PHONE)})
    answer = await client.post("/recovery/password", {"password": "аннак"})
    assert (answer.status_code, errors(answer)) == (422, ["Пароль не соответствует всем условиям"])
    assert answer.text.count('class="unmet"') >= 2


async def test_cabinet_deleted_meanwhile_ends_the_recovery(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    await client.register()
    clock.forward(minutes=2)
    other = another_browser()
    await _begin(other)
    await other.post("/recovery/code", {"code": await client.read_code(PHONE)})
    await client.post("/profile/deletion", {"password": PASSWORD})
    assert location(await other.post("/recovery/password", {"password": NEW})) == "/sign-in/phone"


async def test_login_that_is_not_typed_or_not_known(client: Browser, posted: Outbox) -> None:
    # Signs that nobody sees are none that anybody has typed.
    for nothing in (" ", "\u200b", "\ufeff \u2060"):
        assert errors(await client.post("/recovery/login", {"login": nothing})) == ["Введите логин"]
        refused = await client.post("/sign-in/login", {"login": nothing, "password": "x"})
        assert errors(refused) == ["Введите логин"]
    assert location(await client.post("/recovery/login", {"login": "Nobody"})) == "/recovery/phone"
    assert location(await client.post("/recovery/phone", {"phone": UNKNOWN})) == "/recovery/code"
    assert await posted() == []
