"""The holder of a card: walks the card track as far as a test needs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from db.engine import bound, run
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import BASE, Browser
from tests.conftest import Clock, Posted

CARD = {"card_number": "9643900000000013", "email": "holder1@example.org"}
PHONE, LOGIN, PICTURE = "8 900 000-01-01", "tk1001", "24680"
_ROW = ["9643900000000013", "H1", LOGIN, "holder1@example.org", "+79000000101"]
Outbox = Callable[[], Awaitable[list[Posted]]]


async def import_card(settings: Settings, clock: Clock) -> None:
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())["cards"]
    await import_rows(bound(), known, enumerate([_ROW], 1), clock())


async def newest_link(posted: Outbox, message: str) -> str:
    sent = next(p for p in reversed(await posted()) if p.name == message)
    return str(sent.values["link"]).removeprefix(BASE)


async def _picture(browser: Browser, path: str) -> str:
    found = re.search(r'name="picture" value="([^"]+)"', (await browser.open(path)).text)
    assert found
    return found[1]


async def ask_for_link(browser: Browser, posted: Outbox) -> str:
    path = "/registration/card/card"
    await browser.post(path, {**CARD, "captcha": PICTURE, "picture": await _picture(browser, path)})
    return await newest_link(posted, "card-registration")


async def give_phone(browser: Browser, link: str) -> Any:
    return await browser.post(link, {"phone": PHONE, "captcha": PICTURE, "picture": await _picture(browser, link)})


async def get_sms_password(browser: Browser, posted: Outbox) -> str:
    await give_phone(browser, await ask_for_link(browser, posted))
    return str(next(p for p in reversed(await posted()) if p.name == "card-password").values["password"])


async def sign_in(browser: Browser, password: str) -> Any:
    return await browser.post("/sign-in/login", {"login": LOGIN, "password": password})


async def clear_throttles() -> None:
    """Nothing but time ends the pause between two messages."""
    await run("DELETE FROM throttles")
