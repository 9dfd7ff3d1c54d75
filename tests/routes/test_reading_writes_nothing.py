"""Reading without a session writes no row: every GET and HEAD of the portal, sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from db.engine import run
from domain.portal import Portal
from domain.proofs import captcha
from settings import Settings
from tests.browser import BILL, COOKIE, PASSWORD, PERSON, PHONE, Browser
from tests.conftest import Clock, scope_of

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
}


async def _counts(settings: Settings) -> dict[str, int]:
    tables = [row["name"] for row in await run(_TABLES[settings.database.partition(":")[0]])]
    return {table: (await run(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables}


def _paths(app: Litestar, picture: str, method: Any = "GET") -> list[str]:
    """Every address that takes a GET (or `method`), with values for its parameters."""
    found = []
    for route in app.routes:
        handlers: list[Any] = getattr(route, "route_handlers", [])
        if not any(isinstance(handler, HTTPRouteHandler) and method in handler.http_methods for handler in handlers):
            continue
        values = [picture, "invented"] if route.path.startswith("/captcha/") else ["invented", "17", "en"]
        found += [re.sub(r"\{[^}]+\}", value, route.path) for value in values]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("more", ["", "?instead={picture}&path=/registration/card/card&back=/profile&next=/profile"])
async def test_no_get_and_no_head_writes_a_row(
    app: Litestar, client: Browser, portal: Portal, settings: Settings, clock: Clock, more: str
) -> None:
    made = captcha.make(scope_of(portal, clock())).token
    before = await _counts(settings)
    paths = _paths(app, made)
    assert len(paths) > 60
    assert f"/captcha/{made}/picture.webp" in paths
    for path in paths * 2:
        replaced = captcha.make(scope_of(portal, clock())).token
        for method in ("GET", "HEAD"):
            answer = await client.http.request(method, path + more.format(picture=replaced))
            assert answer.status_code < 500, path
            assert "kabinet=" not in answer.headers.get("set-cookie", "")
    assert await _counts(settings) == before


async def test_a_press_sent_again_with_what_the_cookie_holds_writes_no_further_row(
    app: Litestar, client: Browser, another_browser: Callable[..., Browser], settings: Settings
) -> None:
    """What lives in the cookie alone never ends: whatever a POST with it leaves is summed or limited."""
    await client.post("/sign-in/phone", {"phone": PHONE})
    await client.post("/recovery")
    form = {**PERSON, **BILL, "phone": PHONE, "consent": "yes", "password": PASSWORD, "code": "0", "login": "nobody"}
    paths = _paths(app, "invented", "POST")
    assert "/sign-out" in paths
    for path in paths:
        left = []
        for _ in range(3):
            browser = another_browser("198.51.100.9")
            browser.http.cookies.set(COOKIE, client.cookie or "")
            assert (await browser.post(path, form)).status_code < 500, path
            left.append(await _counts(settings))
        assert left[1] == left[2], path


@pytest.mark.parametrize("changed", [{"captcha_pictures_ip_hour": 5}])
async def test_a_flood_of_tries_is_told_to_wait(
    client: Browser, portal: Portal, clock: Clock, changed: dict[str, Any]
) -> None:
    """Each try makes a row for some minutes; a network has as many as it may see pictures."""
    form = {"card_number": "9643900000000013", "email": "a@example.org", "captcha": "00000"}
    answers = []
    for _ in range(8):
        picture = captcha.make(scope_of(portal, clock())).token
        answers.append((await client.post("/registration/card/card", {**form, "picture": picture})).status_code)
    assert answers == [422] * 5 + [429] * 3
    assert (await run("SELECT count(*) AS n FROM captchas"))[0]["n"] == 5
    clock.forward(hours=1)
    picture = captcha.make(scope_of(portal, clock())).token
    assert (await client.post("/registration/card/card", {**form, "picture": picture})).status_code == 422
