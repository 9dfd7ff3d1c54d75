"""Everything that one customer can do at once, from several devices: no two transactions wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from tests import holder
from tests.browser import ANOTHER, PASSWORD, PHONE, Browser
from tests.conftest import Posted

BASE = "/profile/security"
ROUNDS = 6
Outbox = Callable[[], Awaitable[list[Posted]]]


async def _recover(browser: Browser) -> httpx.Response:
    await browser.post("/sign-in/phone", {"phone": PHONE})
    await browser.post("/recovery")
    await browser.post("/recovery/code", {"code": await browser.read_code(PHONE)})
    return await browser.post("/recovery/password", {"password": PASSWORD})


async def test_changes_of_one_customer_at_once_are_all_answered(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    await client.register()
    link = await holder.newest_link(posted, "email-confirmation")
    for n in range(ROUNDS):
        await holder.clear_throttles()
        devices = [another_browser(f"203.0.113.{n}") for n in range(6)]
        for device in devices:
            await device.sign_in()
        password = {"current_password": PASSWORD, "password": PASSWORD}
        answers = await asyncio.gather(
            devices[0].post(f"{BASE}/password", password),
            devices[1].post(f"{BASE}/confirmation", {**password, "next": "/profile"}),
            devices[2].post(f"{BASE}/email", {"email": f"new{n}@example.org"}),
            devices[3].post(f"{BASE}/devices/end-others"),
            devices[4].post("/sign-out"),
            devices[5].post(f"{BASE}/phone", {"phone": "8 900 111-22-33"}),
            devices[5].post(f"{BASE}/phone/code", {"code": "000000"}),
            client.sign_in(),
            client.post(link),
            client.post("/profile", ANOTHER),
            _recover(another_browser("203.0.113.100")),
            _recover(another_browser("203.0.113.101")),
        )
        assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert (await client.sign_in()).status_code == 303
