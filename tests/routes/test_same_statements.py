"""Known and unknown identifiers take the same statements, step by step: their number and kind tell nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from db.engine import Engine, bound, run
from domain.portal import Portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from routes.logs import request_id
from settings import Settings
from tests.browser import ANOTHER, PHONE, Browser, path_of
from tests.conftest import Clock

UNKNOWN = "+7 900 765-43-21"
LOGIN, CAPTCHA = "tk1001", "24680"
CARD = ["9643900000000013", "H1", "tk1002", "holder1@example.org", "+79000000101"]
NO_REQUEST = request_id.get()
Step = Callable[[Browser, bool], Awaitable[Any]]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": CAPTCHA}


class Statements:
    """What the bound engine was asked, without the values."""

    def __init__(self, engine: Engine) -> None:
        self.seen: list[str] = []
        self._ask = engine.run_statement

    async def run_statement(self, sql: str, arguments: Sequence[Any]) -> Any:
        if request_id.get() != NO_REQUEST:  # what goes on beside it writes and reads when it likes
            self.seen.append(re.sub(r"\$\d+", "?", sql))
        return await self._ask(sql, arguments)


@pytest.fixture
def statements(app: Any, monkeypatch: pytest.MonkeyPatch) -> Statements:
    recorded = Statements(bound())
    monkeypatch.setattr(bound(), "run_statement", recorded.run_statement)
    return recorded


def _phone(known: bool) -> str:
    return PHONE if known else UNKNOWN


async def _registration(browser: Browser, known: bool) -> Any:
    return await browser.post(path_of("phone"), {"phone": _phone(known), "consent": "yes"})


async def _registration_code(browser: Browser, known: bool) -> Any:
    await _registration(browser, known)
    return await browser.post(path_of("code"), {"code": "000000"})


async def _sign_in(browser: Browser, known: bool) -> Any:
    return await browser.sign_in("не тот пароль", _phone(known))


async def _sign_in_login(browser: Browser, known: bool) -> Any:
    return await browser.post("/sign-in/login", {"login": LOGIN if known else "uu1001", "password": "не тот пароль"})


async def _recovery(browser: Browser, known: bool) -> Any:
    await browser.post("/sign-in/phone", {"phone": _phone(known)})
    return await browser.follow(await browser.post("/recovery"))


async def _recovery_by_login(browser: Browser, known: bool) -> Any:
    await browser.post("/recovery/login", {"login": LOGIN})
    return await browser.follow(await browser.post("/recovery/phone", {"phone": _phone(known)}))


async def _recovery_by_another_login(browser: Browser, known: bool) -> Any:
    await browser.post("/recovery/login", {"login": LOGIN if known else "uu1001"})
    return await browser.follow(await browser.post("/recovery/phone", {"phone": PHONE}))


async def _recovery_twice(browser: Browser, known: bool) -> Any:
    await _recovery(browser, known)
    return await browser.post("/recovery/code", ANOTHER)


async def _recovery_code(browser: Browser, known: bool) -> Any:
    await _recovery(browser, known)
    return await browser.post("/recovery/code", {"code": "000000"})


async def _card(browser: Browser, known: bool) -> Any:
    path = "/registration/card/card"
    picture = re.search(r'name="picture" value="([^"]+)"', (await browser.get(path)).text)
    assert picture
    card = CARD[0] if known else "4111111111111111"
    form = {"card_number": card, "email": "stranger@example.org", "captcha": CAPTCHA, "picture": picture[1]}
    return await browser.post(path, form)


STEPS: dict[str, Step] = {
    "registration": _registration, "registration: wrong code": _registration_code, "sign-in by phone": _sign_in,
    "sign-in by login": _sign_in_login, "recovery": _recovery, "recovery by login": _recovery_by_login,
    "recovery by another's login": _recovery_by_another_login, "recovery: another code": _recovery_twice,
    "recovery: wrong code": _recovery_code, "card": _card,
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
async def test_known_and_unknown_take_the_same_statements(
    another_browser: Callable[..., Browser],
    portal: Portal,
    settings: Settings,
    clock: Clock,
    statements: Statements,
    step: Step,
) -> None:
    await another_browser("198.51.100.200").register()
    login_hash = portal.sealing.keyed_hash("login", LOGIN)
    await run("UPDATE customers SET login = {}, login_hash = {}", LOGIN, login_hash)
    known_cards = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())["cards"]
    await import_rows(bound(), known_cards, enumerate([CARD], 1), clock())
    clock.forward(days=1, minutes=1)
    taken = []
    for place, known in enumerate((True, False)):
        browser = another_browser(f"192.0.{place}.1")
        statements.seen.clear()
        answer = await step(browser, known)
        taken.append((answer.status_code, list(statements.seen)))
    assert taken[0] == taken[1]
    assert len(taken[0][1]) > 2
