"""The language of an answer: by cookie, by what the browser asks for, by the link."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

from app import create_app
from routes.language import accepted
from settings import Settings
from tests.browser import BILL, Browser, location, path_of
from tests.screen import errors, is_page, title, value_of, words

PHONE_PATH = path_of("phone")
ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


def language(answer: httpx.Response) -> str:
    said = re.search(r'<html lang="(\w+)">', answer.text)
    assert said is not None
    assert said[1] == answer.headers["content-language"]
    return said[1]


# --- The choice ---


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "ru"),
        ("en", "en"),
        ("EN-us", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ru,en;q=0.9", "ru"),
        ("en;q=0.3, ru;q=0.7", "ru"),
        ("ru-RU;q=0.5, en;q=0.8", "en"),
        ("de", "ru"),
        ("de, en;q=0.5", "en"),
        ("de-CH, de;q=0.9, ru;q=0.1, en;q=0.05", "ru"),
        ("*", "ru"),
        ("de, *;q=0.5", "ru"),
        ("*, ru;q=0", "en"),
        ("en, *", "ru"),
        ("en;q=0", "ru"),
        ("en;q=0, ru;q=0", "ru"),
        ("english", "ru"),
        ("en;q=2", "ru"),
        ("en;q=nan", "ru"),
        (";;,=,\x00,en ; q = 0.5", "en"),
        ("en" * 5000, "ru"),
    ],
)
def test_what_a_browser_asks_for(header: str, chosen: str) -> None:
    assert accepted(header, ("ru", "en")) == chosen


async def test_the_browser_chooses_until_the_link_does(client: Browser) -> None:
    assert language(await client.get(PHONE_PATH)) == "ru"
    assert language(await client.get(PHONE_PATH, headers=ENGLISH)) == "en"
    await client.get("/language/ru")
    assert language(await client.get(PHONE_PATH, headers=ENGLISH)) == "ru"
    await client.get("/language/en")
    assert language(await client.get(PHONE_PATH)) == "en"


async def test_a_garbled_cookie_is_none(client: Browser) -> None:
    for garbage in ("de", "", "../ru", "RU", "ru%00", "ru" * 5000):
        answer = await client.get(PHONE_PATH, headers={**ENGLISH, "Cookie": f"language={garbage}"})
        assert language(answer) == "en"


async def test_an_answer_says_what_it_hangs_on(client: Browser) -> None:
    for path in ("/", "/no-such-page", "/sign-in/phone"):
        answer = await client.get(path)
        vary = [name.strip() for name in answer.headers["vary"].split(",")]
        assert {"Accept-Language", "Cookie"} <= set(vary)
    style = (await client.get("/")).text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style_sheet = await client.get(style)
    assert style_sheet.status_code == 200
    assert "content-language" not in style_sheet.headers
    assert "Cookie" not in style_sheet.headers.get("vary", "")


# --- The link ---


def switch_of(page: httpx.Response) -> str:
    """Where the button of the masthead sends the form."""
    return page.text.partition('formaction="')[2].partition('"')[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_switch_leads_back_to_the_same_step_with_everything_kept(client: Browser, method: str) -> None:
    await client.reach("address")
    russian = await client.get(path_of("bill"))
    switch = switch_of(russian)
    assert switch == f"/language/en?back={path_of('bill')}"
    answer = await client.http.request(method, switch)
    assert location(answer) == path_of("bill")
    english = await client.follow(answer)
    assert language(english) == "en"
    assert value_of(english, "account_number") == value_of(russian, "account_number") == BILL["account_number"]
    assert switch_of(english) == f"/language/ru?back={path_of('bill')}"
    assert "Русский" in words(english)


async def test_the_choice_stays_for_a_year(client: Browser) -> None:
    cookie = (await client.get("/language/en")).headers["set-cookie"]
    assert cookie.startswith("language=en;")
    for part in ("Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=lax"):
        assert part in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_in_production_the_cookie_is_bound_to_the_host(settings: Settings) -> None:
    changed = {"mode": "production", "public_url": "https://x", "migrate": "off", "delivery": "separate"}
    production = settings.model_copy(update=changed)
    app = create_app(production)
    transport = httpx.ASGITransport(cast(Any, app))
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://x") as http:
        cookie = (await http.get("/language/en")).headers["set-cookie"]
        assert cookie.startswith("__Host-language=en;")
        assert {"Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert language(await http.get("/")) == "en"
        # A cookie that a neighbour of the same domain may have set is not believed.
        http.cookies.clear()
        assert language(await http.get("/", headers={"Cookie": "language=en"})) == "ru"


@pytest.mark.parametrize(
    ("back", "led_to"),
    [
        ("/registration/account/phone", "/registration/account/phone"),
        ("/profile?note=added", "/profile?note=added"),
        ("/?page=2", "/?page=2"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/ /evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/профиль", "/"),
        ("/" + "a" * 5000, "/"),
    ],
)
async def test_back_leads_only_to_own_pages(client: Browser, back: str, led_to: str) -> None:
    answer = await client.http.get("/language/en", params={"back": back})
    assert answer.status_code == 303
    assert answer.headers["location"] == led_to
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("unknown", ["de", "EN", "e", "../en", "en%00"])
async def test_a_language_there_is_not_is_not_found(client: Browser, unknown: str) -> None:
    answer = await client.get(f"/language/{unknown}")
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_head_and_htmx_are_told_in_the_language_too(client: Browser) -> None:
    assert (await client.http.head("/", headers=ENGLISH)).headers["content-language"] == "en"
    htmx = {**ENGLISH, "HX-Request-Type": "partial"}
    fragment = await client.get(PHONE_PATH, headers=htmx)
    assert not is_page(fragment)
    assert title(fragment) == "Registration — Online account"
    field = await client.post(f"{PHONE_PATH}/fields/phone", {"phone": "12"}, headers=htmx)
    assert errors(field) == ["Enter a valid mobile number"]


async def test_requests_at_the_same_time_do_not_mix(another_browser: Callable[..., Browser]) -> None:
    russian, english = another_browser(), another_browser()
    await english.get("/language/en")
    form = {"phone": "12", "consent": "yes"}
    answers = await asyncio.gather(*(who.post(PHONE_PATH, form) for who in (russian, english) * 20))
    told = [(language(answer), errors(answer)) for answer in answers]
    expected = [("ru", ["Введен некорректный номер телефона"]), ("en", ["Enter a valid mobile number"])]
    assert told == expected * 20
