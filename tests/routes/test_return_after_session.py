"""What was typed when a session had ended is its customer's: nobody else who signs in there gets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from db.engine import run
from domain.housekeeping import sweep
from domain.portal import Portal
from tests.browser import COOKIE, PHONE, Browser, location
from tests.conftest import Clock
from tests.screen import value_of, words

PATH, ANOTHERS_PHONE, TYPED = "/profile/security/email", "8 900 111-22-33", "typed@example.org"
MakeBrowser = Callable[..., Browser]


@pytest.fixture
async def two(client: Browser, another_browser: MakeBrowser) -> Browser:
    """Two customers; the browser of the first."""
    await another_browser(phone=ANOTHERS_PHONE).register()
    await client.register()
    return client


async def _shown(browser: Browser, phone: str) -> str | None:
    signed_in = await browser.sign_in(phone=phone)
    await browser.follow(signed_in)
    return value_of(await browser.get(PATH), "email")


async def test_the_same_customer_gets_it_back_once(two: Browser, clock: Clock) -> None:
    clock.forward(minutes=31)
    await two.post(PATH, {"email": TYPED})
    back = await two.sign_in()
    assert location(back) == PATH
    assert value_of(await two.get(PATH), "email") == TYPED
    assert value_of(await two.get(PATH), "email") == ""
    assert two.http.cookies.get("return-to") is None


async def test_the_next_customer_in_this_browser_gets_neither_it_nor_the_way(two: Browser, clock: Clock) -> None:
    clock.forward(minutes=31)
    await two.post(PATH, {"email": TYPED})
    assert location(await two.sign_in(phone=ANOTHERS_PHONE)) == "/profile"
    assert two.http.cookies.get("return-to") is None
    assert value_of(await two.get(PATH), "email") == ""
    # Nor does its owner afterwards: it is gone.
    await two.post("/sign-out")
    assert await _shown(two, PHONE) == ""


async def test_it_is_not_shown_to_another_who_was_signed_in_meanwhile(two: Browser, clock: Clock) -> None:
    """In another tab, after the post: no sign-in passes by the cookie."""
    clock.forward(minutes=31)
    await two.post(PATH, {"email": TYPED})
    return_to = two.http.cookies.get("return-to")
    await two.sign_in(phone=ANOTHERS_PHONE)
    two.http.cookies.set("return-to", str(return_to))
    page = await two.get(PATH)
    assert TYPED not in page.text
    assert 'return-to=""' in page.headers["set-cookie"]


@pytest.mark.parametrize("how", ["swept", "no cookie", "invented", "unproved", "ended elsewhere"])
async def test_where_nobody_can_tell_whose_it_was_only_the_way_is_kept(
    two: Browser, another_browser: MakeBrowser, clock: Clock, portal: Portal, how: str
) -> None:
    if how == "swept":
        clock.forward(minutes=31)
        await sweep(portal, clock.now + timedelta(hours=1))
    elif how == "ended elsewhere":
        other = another_browser()
        await other.sign_in()
        await other.post("/profile/security/devices/end-others")
    else:
        two.http.cookies.clear()
        if how == "invented":
            two.http.cookies.set(COOKIE, "invented", domain="127.0.0.1")
        if how == "unproved":
            await two.post("/sign-in/phone", {"phone": PHONE})
    await two.post(PATH, {"email": TYPED})
    answer = await two.sign_in()
    assert location(answer) == PATH
    shown = await two.follow(answer)
    assert value_of(shown, "email") == ""
    assert TYPED not in words(shown)


async def test_what_was_typed_is_no_longer_there_after_ten_minutes(two: Browser, clock: Clock) -> None:
    clock.forward(minutes=31)
    await two.post(PATH, {"email": TYPED})
    clock.forward(minutes=10, seconds=1)
    assert await _shown(two, PHONE) == ""


async def test_no_row_keeps_it(two: Browser, clock: Clock) -> None:
    clock.forward(minutes=31)
    before = await run("SELECT id FROM sessions ORDER BY id")
    await two.post(PATH, {"email": TYPED})
    assert await run("SELECT id FROM sessions ORDER BY id") == before
