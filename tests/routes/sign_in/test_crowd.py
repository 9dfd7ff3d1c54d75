"""Guesses from elsewhere, over many identifiers and without number: who they stop, and who they do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.engine import run
from domain import device_cookies
from domain.portal import Portal
from tests.browser import PASSWORD, PHONE, Browser, location
from tests.conftest import Clock, scope_of
from tests.screen import errors, is_page, words

WRONG = "Неверный логин или пароль"
LOCKED = "Превышено число попыток входа. Повторите в"
DEVICE = "kabinet-device"
MakeBrowser = Callable[..., Browser]


async def lock_from_everywhere(another_browser: MakeBrowser) -> None:
    for n in range(4):
        for _ in range(5):
            await another_browser(f"203.0.{n}.1").sign_in("не тот пароль")


async def test_a_device_that_signed_in_before_is_not_locked_by_others(
    client: Browser, another_browser: MakeBrowser
) -> None:
    await client.register()
    await client.post("/sign-out")
    await lock_from_everywhere(another_browser)
    assert errors(await another_browser("198.51.100.1").sign_in())[0].startswith(LOCKED)
    # It has tries of its own, no more than anybody, and after them the lock is its own too.
    assert [errors(await client.sign_in("не тот пароль")) for _ in range(4)] == [[WRONG]] * 4
    assert errors(await client.sign_in("не тот пароль"))[1].startswith(LOCKED)
    assert errors(await client.sign_in())[0].startswith(LOCKED)


async def test_a_device_is_known_wherever_it_is(client: Browser, another_browser: MakeBrowser) -> None:
    """The cookie is given at every sign-in, and stays after the sign-out; the network plays no part."""
    await client.register()
    device = another_browser("198.51.100.1")
    answer = await device.sign_in()
    assert location(answer) == "/profile"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{DEVICE}="))
    assert {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={365 * 86400}"} <= set(cookie.split("; "))
    await device.post("/sign-out")
    await lock_from_everywhere(another_browser)
    moved = another_browser("192.0.2.9")
    moved.http.cookies.set(DEVICE, device.http.cookies[DEVICE])
    assert location(await moved.sign_in()) == "/profile"


async def test_the_cookie_is_worth_nothing_for_anybody_else_and_cannot_be_made(
    client: Browser, another_browser: MakeBrowser, portal: Portal, clock: Clock
) -> None:
    await client.register()
    other = another_browser("198.51.100.1", phone="+7 912 345-67-90")
    await other.register()
    now = clock.now
    theirs = other.http.cookies[DEVICE]
    mine = client.http.cookies[DEVICE]
    await lock_from_everywhere(another_browser)
    invented = [
        theirs, mine[:-2] + "AA", "x", "", "a" * 5000, portal.sealing.seal({"device": {}}),
        portal.sealing.seal({"path": "/", "typed": {}, "at": now.isoformat()}), portal.sealing.seal([1]),
        device_cookies.renewed(scope_of(portal, now - timedelta(days=366)), None, 1),
        json.dumps({"device": {"1": ["x", "y"]}}),
    ]  # fmt: skip
    for cookie in invented:
        stranger = another_browser("198.51.100.1")
        stranger.http.cookies.set(DEVICE, cookie)
        assert errors(await stranger.sign_in())[0].startswith(LOCKED)
        # It opens nothing by itself.
        assert location(await stranger.get("/profile")) == "/"


async def test_a_device_of_several_is_each_ones_and_a_password_by_sms_lifts_its_lock(
    client: Browser, another_browser: MakeBrowser, clock: Clock
) -> None:
    await client.register()
    await client.post("/sign-out")
    client.phone = "+7 912 345-67-90"
    await client.register()
    await client.post("/sign-out")
    client.phone = PHONE
    for phone in (PHONE, "+7 912 345-67-90"):
        for n in range(4):
            for _ in range(5):
                await another_browser(f"203.0.{n}.1").sign_in("не тот пароль", phone)
        assert location(await client.sign_in(phone=phone)) == "/profile"
        await client.post("/sign-out")
    for _ in range(5):
        await client.sign_in("не тот пароль")
    assert errors(await client.sign_in())[0].startswith(LOCKED)
    await client.post("/sign-in/phone", {"phone": PHONE})
    await client.post("/recovery")
    await client.post("/recovery/code", {"code": await client.read_code(PHONE)})
    await client.post("/recovery/password", {"password": "осенний берег у моря"})
    assert location(await client.sign_in("осенний берег у моря")) == "/profile"


async def test_proving_oneself_again_is_not_locked_by_others_and_locks_nobody_else(
    client: Browser, another_browser: MakeBrowser, clock: Clock
) -> None:
    await client.register()
    thief = another_browser("198.51.100.1")
    await thief.sign_in()
    clock.forward(minutes=11)
    await lock_from_everywhere(another_browser)
    path, form = "/profile/security/confirmation", {"next": "/profile/security/password"}
    for _ in range(4):
        assert errors(await thief.post(path, {**form, "password": "не тот пароль"})) == ["Неверный пароль"]
    told = errors(await thief.post(path, {**form, "password": "не тот пароль"}))
    assert told[1].startswith(LOCKED)
    assert errors(await thief.post(path, {**form, "password": PASSWORD}))[0].startswith(LOCKED)
    assert location(await client.post(path, {**form, "password": PASSWORD})) == "/profile/security/password"


@pytest.mark.parametrize("changed", [{"sign_in_failures_ip_hour": 30}])
@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:0:1::{}"])
async def test_one_password_over_many_identifiers_is_stopped(
    client: Browser, another_browser: MakeBrowser, clock: Clock, changed: dict[str, Any], address: str
) -> None:
    """Known and unknown alike; only failures are counted, and a customer elsewhere can sign in."""
    await client.register()
    answers = [
        await another_browser(address.format(n)).post("/sign-in/login", {"login": f"kk{n}", "password": "Qwerty12345"})
        for n in range(40)
    ]
    told = [errors(answer) for answer in answers]
    assert told[:29] == [[WRONG]] * 29
    assert all(texts[-1] == f"{LOCKED} 15:30" for texts in told[29:])
    assert sum(WRONG in texts for texts in told) == 30
    assert errors(await another_browser(address.format(1)).sign_in())[0].startswith(LOCKED)
    assert location(await another_browser("198.51.100.1").sign_in()) == "/profile"
    # A recovery from there stays open, and an hour later it is an address like any other.
    stopped = another_browser(address.format(1))
    await stopped.post("/sign-in/phone", {"phone": PHONE})
    assert location(await stopped.post("/recovery")) == "/recovery/code"
    clock.forward(hours=1)
    assert location(await another_browser(address.format(1)).sign_in()) == "/profile"


@pytest.mark.parametrize("changed", [{"sign_in_failures_ip_hour": 20}])
async def test_those_who_sign_in_behind_one_address_are_not_counted(
    client: Browser, another_browser: MakeBrowser, changed: dict[str, Any]
) -> None:
    await client.register()
    for _ in range(25):
        assert location(await another_browser("203.0.113.7").sign_in()) == "/profile"


@pytest.mark.parametrize("changed", [{"sign_in_failures_ip_hour": 20}])
async def test_the_failures_of_a_24_are_summed(
    client: Browser, another_browser: MakeBrowser, changed: dict[str, Any]
) -> None:
    guesses = [(f"203.0.113.{n % 100}", f"kk{n}") for n in range(90)]
    told = []
    for ip, login in guesses:
        answer = await another_browser(ip).post("/sign-in/login", {"login": login, "password": "Qwerty12345"})
        told.append(WRONG in errors(answer))
    assert told == [True] * 80 + [False] * 10


async def test_the_journal_sums_what_repeats(client: Browser, another_browser: MakeBrowser, clock: Clock) -> None:
    await client.register()
    before = len(await run("SELECT id FROM journal"))
    stranger = another_browser("198.51.100.1")
    for hour in range(2):
        for n in range(5):
            await stranger.sign_in("не тот пароль")
            for k in range(4):
                login = {"login": f"kk{hour}{n}{k}", "password": "не тот пароль"}
                await stranger.post("/sign-in/login", login)
        clock.forward(hours=1)
    rows = await run("SELECT customer, ip, times FROM journal WHERE event = 'sign-in-refused' ORDER BY id")
    assert len(await run("SELECT id FROM journal")) == before + 4
    assert sorted((row["customer"] or 0, row["ip"], row["times"]) for row in rows) == (
        [(0, "198.51.100.1", 20)] * 2 + [(1, "198.51.100.1", 5)] * 2
    )
    await client.sign_in()
    assert "Неверный пароль при входе × 5" in words(await client.get("/profile/security"))


async def test_refusals_at_once_are_one_row(client: Browser, another_browser: MakeBrowser) -> None:
    browsers = [another_browser(f"203.0.{n}.1") for n in range(12)]
    logins = [{"login": "kk1", "password": "не тот пароль"}] * 12
    await asyncio.gather(*(b.post("/sign-in/login", form) for b, form in zip(browsers, logins, strict=True)))
    assert [row["times"] for row in await run("SELECT times FROM journal")] == [1] * 12
    same = another_browser("198.51.100.1")
    await asyncio.gather(*(same.post("/sign-in/login", {"login": f"n{n}", "password": "x"}) for n in range(6)))
    assert sorted(row["times"] for row in await run("SELECT times FROM journal")) == [1] * 12 + [6]


@pytest.mark.parametrize("changed", [{"password_queue": 8}])
async def test_more_passwords_than_the_queue_holds_are_told_to_come_again(
    client: Browser, another_browser: MakeBrowser, changed: dict[str, Any], dear_passwords: None
) -> None:
    """503 with Retry-After in the portal's look, nothing counted, and a place left for who comes from elsewhere."""
    await client.register()
    flood = [another_browser("203.0.113.7") for _ in range(20)]
    guesses = [b.post("/sign-in/login", {"login": f"kk{n}", "password": "x" * 12}) for n, b in enumerate(flood)]
    *answers, honest = await asyncio.gather(*guesses, another_browser("198.51.100.1").sign_in())
    refused = [answer for answer in answers if answer.status_code == 503]
    judged = [answer for answer in answers if answer.status_code == 422]
    assert len(refused) + len(judged) == 20
    assert refused
    assert all(answer.headers["retry-after"] == "5" and is_page(answer) for answer in refused)
    assert location(honest) == "/profile"
    counted = await run("SELECT hits FROM throttles WHERE key LIKE 'sign-in-failures-hour:%' AND hits > 0")
    assert [row["hits"] for row in counted] == [len(judged)]
    assert location(await another_browser("203.0.113.7").sign_in()) == "/profile"
