"""A password is verified outside of any transaction: what has changed meanwhile makes the judgement void.

The verification is held up, the credentials change elsewhere, and it goes on: nothing may come of it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from db.engine import run
from domain.passwords import Hasher
from tests import holder
from tests.browser import COOKIE, PASSWORD, PHONE, Browser, location, path_of
from tests.screen import errors

BASE = "/profile/security"
NEW_PHONE = "8 900 111-22-33"
WRONG = ["Неверный логин или пароль"]
MakeBrowser = Callable[..., Browser]


class Held:
    """Lets the verifications that `hold` has announced wait behind their judgement."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.armed = False

    def arm(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.armed = True

    async def wait(self) -> None:
        if self.armed:
            self.armed = False
            self.reached.set()
            await self.go_on.wait()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Only the order of things is changed, not what comes of them."""
    held, verify = Held(), Hasher.verify

    async def verify_and_wait(hasher: Hasher, password_hash: str | None, password: str, **more: Any) -> bool:
        right = await verify(hasher, password_hash, password, **more)
        await held.wait()
        return right

    monkeypatch.setattr(Hasher, "verify", verify_and_wait)
    return held


async def _held_up(held: Held, post: Awaitable[httpx.Response], change: Awaitable[Any]) -> httpx.Response:
    """The answer to `post`, whose password was right before `change`."""
    held.arm()
    task, reached = asyncio.ensure_future(post), asyncio.ensure_future(held.reached.wait())
    await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
    assert reached.done(), "nothing was verified"
    await change
    held.go_on.set()
    return await task


async def _recover(browser: Browser, password: str) -> None:
    await holder.clear_throttles()
    await browser.post("/sign-in/phone", {"phone": PHONE})
    await browser.post("/recovery")
    await browser.post("/recovery/code", {"code": await browser.read_code(PHONE)})
    assert location(await browser.post("/recovery/password", {"password": password})) == "/sign-in/password"


async def _change_phone(browser: Browser) -> None:
    await holder.clear_throttles()
    await browser.post(f"{BASE}/phone", {"phone": NEW_PHONE})
    answer = await browser.post(f"{BASE}/phone/code", {"code": await browser.read_code(NEW_PHONE)})
    assert location(answer) == BASE


async def _delete(browser: Browser) -> None:
    assert location(await browser.post("/profile/deletion", {"password": PASSWORD})) == "/"


async def _sessions() -> int:
    return len(await run("SELECT id FROM sessions WHERE customer IS NOT NULL"))


async def test_no_session_is_opened_by_a_password_that_was_changed_meanwhile(
    client: Browser, another_browser: MakeBrowser, held: Held
) -> None:
    await client.register()
    passwords = [PASSWORD, *(f"осенний берег у моря {n}" for n in range(8))]
    for former, new in itertools.pairwise(passwords):
        thief, owner = another_browser("198.51.100.9"), another_browser()
        await thief.post("/sign-in/phone", {"phone": PHONE})
        late = thief.post("/sign-in/password", {"password": former, "remember": "yes"})
        answer = await _held_up(held, late, _recover(owner, new))
        assert errors(answer) == WRONG
        assert await _sessions() == 0
        assert location(await thief.get("/profile")) == "/"
    assert location(await client.sign_in(passwords[-1])) == "/profile"


async def test_no_session_is_opened_under_a_phone_or_a_cabinet_that_is_gone_meanwhile(
    client: Browser, another_browser: MakeBrowser, held: Held
) -> None:
    await client.register()
    for change, left in ((_change_phone, 1), (_delete, 0)):
        thief = another_browser("198.51.100.9")
        await thief.post("/sign-in/phone", {"phone": PHONE if change is _change_phone else NEW_PHONE})
        late = thief.post("/sign-in/password", {"password": PASSWORD})
        assert errors(await _held_up(held, late, change(client))) == WRONG
        assert await _sessions() == left


async def test_typing_it_again_proves_nothing_when_it_or_the_phone_was_changed_meanwhile(
    client: Browser, another_browser: MakeBrowser, held: Held
) -> None:
    await client.register()
    for change in (_change_phone, lambda browser: _recover_new_phone(browser)):
        thief = another_browser("198.51.100.9")
        await thief.sign_in(phone=PHONE if change is _change_phone else NEW_PHONE)
        await run("UPDATE sessions SET authenticated_at = NULL")
        late = thief.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": "/profile/data"})
        await run(
            "UPDATE sessions SET authenticated_at = seen_at WHERE id = (SELECT min(id) FROM sessions"
            " WHERE customer IS NOT NULL)"
        )
        answer = await _held_up(held, late, change(client))
        assert answer.status_code == 422 or location(answer) == "/"
        assert location(await thief.get("/profile/data")) in {f"{BASE}/confirmation", "/"}


async def _recover_new_phone(browser: Browser) -> None:
    await holder.clear_throttles()
    other = browser
    await other.post("/sign-out")
    await other.post("/sign-in/phone", {"phone": NEW_PHONE})
    await other.post("/recovery")
    await other.post("/recovery/code", {"code": await other.read_code(NEW_PHONE)})
    await other.post("/recovery/password", {"password": "осенний берег у моря"})


@pytest.mark.parametrize("change", [_change_phone, _recover], ids=["phone", "password"])
async def test_no_cabinet_is_deleted_by_a_password_of_before(
    client: Browser, another_browser: MakeBrowser, held: Held, change: Callable[..., Awaitable[None]]
) -> None:
    await client.register()
    thief = another_browser("198.51.100.9")
    await thief.sign_in()
    owner = client if change is _change_phone else another_browser()
    made = change(owner) if change is _change_phone else change(owner, "осенний берег у моря")
    answer = await _held_up(held, thief.post("/profile/deletion", {"password": PASSWORD}), made)
    assert errors(answer) == ["Неверный пароль"] if answer.status_code == 422 else location(answer) == "/"
    assert len(await run("SELECT id FROM customers")) == 1


async def test_a_registration_sent_again_opens_nothing_by_a_password_of_before(
    client: Browser, another_browser: MakeBrowser, held: Held
) -> None:
    await client.reach("password")
    finished = client.cookie
    await client.submit("password")
    late = another_browser("198.51.100.9")
    late.http.cookies.set(COOKIE, str(finished))
    again = late.post(path_of("password"), {"password": PASSWORD})
    answer = await _held_up(held, again, _recover(another_browser(), "осенний берег у моря"))
    assert location(answer) == "/sign-in/phone"
    assert await _sessions() == 0
