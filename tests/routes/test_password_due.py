"""A customer signed in with the password of an SMS must set one of their own first: no address avoids it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from db.engine import run
from settings import Settings
from tests import holder
from tests.browser import BILL, PASSWORD, PERSON, Browser, location, path_of
from tests.conftest import Clock
from tests.holder import Outbox
from tests.screen import words

DUE = "/registration/card/password"
# The way out of it, and the ways that are no part of the portal in production.
_LEFT_OUT = {("POST", DUE), ("POST", "/sign-out")}
_FORM = {
    **BILL, **PERSON, "phone": holder.PHONE, "consent": "yes", "code": "000000", "password": "осенний берег у моря",
    "login": holder.LOGIN, "answer": "yes", "next": "/profile", "card_number": holder.CARD["card_number"],
    "captcha": holder.PICTURE, "address": "ул. Тихая, 5", "remember": "yes",
}  # fmt: skip
_SECRETS = ("0013", "holder1@example.org", "900 000-01-01")


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": holder.PICTURE}


@pytest.fixture
async def due(client: Browser, settings: Settings, clock: Clock, posted: Outbox) -> Browser:
    await holder.import_card(settings, clock)
    assert location(await holder.sign_in(client, await holder.get_sms_password(client, posted))) == DUE
    return client


def _addresses(app: Litestar) -> list[tuple[str, str]]:
    """Every address of the portal with something for each part that varies."""
    found = []
    for route in app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith(("/dev", "/health")):
            path = re.sub(r"\{\w+:int\}", "1", route.path)
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: {"field": "phone", "language": "ru"}.get(m[1], "x"), path)
            found += [(method, path) for method in ("GET", "POST") if method in route.methods]
    return [one for one in found if one not in _LEFT_OUT]


async def _rows() -> list[Any]:
    return [
        [dict(row) for row in await run(f"SELECT * FROM {table} ORDER BY id")]
        for table in ("customers", "customer_accounts", "customer_holders", "email_links")
    ]


async def test_every_address_leads_to_the_new_password_or_shows_nothing_of_the_profile(
    due: Browser, app: Litestar
) -> None:
    cookie, before = due.cookie, await _rows()
    addresses = _addresses(app)
    assert len(addresses) > 70
    for method, path in addresses:
        answer = await (due.get(path) if method == "GET" else due.post(path, _FORM))
        assert answer.status_code < 500, (method, path)
        shown = await due.follow(answer)
        # What is typed is judged by itself for anybody who asks.
        if not path.endswith("/conditions") and "/fields/" not in path:
            assert not shown.request.url.path.startswith("/profile") or shown.status_code != 200, (method, path)
        if path != "/registration/card/card":  # which shows what was typed into it
            assert not any(secret in words(shown) for secret in _SECRETS), (method, path)
        assert await _rows() == before, (method, path)
        assert due.cookie == cookie, (method, path)
    assert location(await due.get("/profile")) == DUE


async def test_registering_by_account_with_ones_own_phone_is_no_way_round(
    due: Browser, another_browser: Any, posted: Outbox
) -> None:
    """The session cannot begin one, and one begun elsewhere does not come together with it."""
    due.phone = holder.PHONE
    assert location(await due.post(path_of("phone"), {"phone": holder.PHONE, "consent": "yes"})) == DUE
    await holder.clear_throttles()
    other = another_browser(phone=holder.PHONE)
    await other.submit("phone")
    code = {"code": await other.read_code(holder.PHONE)}
    assert location(await due.post(path_of("code"), code)) == DUE
    assert location(await other.post(path_of("code"), code)) == "/sign-in/password"
    assert location(await due.get("/profile")) == DUE
    assert location(await other.get("/profile")) == "/"


async def test_it_ends_with_the_new_password_in_every_session(due: Browser) -> None:
    assert location(await due.post(DUE, {"password": PASSWORD})) == "/profile"
    assert "tk1001" in words(await due.get("/profile"))
    assert location(await due.get(DUE)) == "/"
