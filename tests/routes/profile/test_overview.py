"""Where a customer lands: the newest bill large, the earlier ones quiet, the year drawn, and the cabinet's places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from db.engine import bound
from routes.dev.gallery import draw
from routes.dev.states import fragments, states_of
from routes.sources import sources
from routes.templates import Templates
from tests import holder
from tests.browser import BILL, Browser
from tests.conftest import Clock
from tests.routes.profile.months import give_bills, months
from tests.screen import title, words

SECOND = {**BILL, "account_number": "7000000118"}
EVERY_PAGE = {
    "/profile": "Счета", "/profile/accounts/new": "Счета", "/profile/accounts/1/bills": "Счета",
    "/profile/accounts/1/removal": "Счета", "/profile/cards": "Карты", "/profile/cards/new": "Карты",
    "/profile/person": "Профиль", "/profile/person/name": "Профиль", "/profile/security": "Безопасность",
    "/profile/security/password": "Безопасность", "/profile/security/phone": "Безопасность",
    "/profile/security/email": "Безопасность", "/profile/deletion": "Безопасность",
}  # fmt: skip


def places(html: str) -> list[str]:
    """The names in the navigation; the one marked as current is in brackets."""
    listed = html.partition('class="places"')[2].partition("</ul>")[0]
    links = re.findall(r"<a ([^>]*)>.*?</svg>([^<]+)</a>", listed, flags=re.DOTALL)
    return [f"[{name}]" if "aria-current" in attributes else name for attributes, name in links]


def drawings(html: str) -> list[int]:
    """How many bars each drawing has."""
    return [drawing.count("<rect") for drawing in re.findall(r'<figure class="year">.*?</figure>', html, re.DOTALL)]


async def test_the_newest_bill_is_what_is_to_be_paid_and_two_more_are_shown(client: Browser) -> None:
    await client.register()
    page = await client.get("/profile")
    assert "К оплате за август 2036 1 234,56 ₽" in words(page)
    assert re.findall(r'<th scope="row">([^<]+)</th><td>([^<&]+)', page.text) == [
        ("Июль 2036", "1\u00a0100,00"), ("Июнь 2036", "980,10")
    ]  # fmt: skip
    assert drawings(page.text) == []


@pytest.mark.parametrize(("bills", "drawn"), [(0, []), (1, []), (11, []), (12, [12]), (36, [12])])
async def test_the_year_is_drawn_where_there_are_twelve_bills(client: Browser, bills: int, drawn: list[int]) -> None:
    await client.register()
    await give_bills(1, months("2036-08", bills), [100_00 + place for place in range(bills)])
    page = await client.get("/profile")
    assert drawings(page.text) == drawn
    assert len(re.findall(r'<th scope="row">', page.text)) == min(max(bills - 1, 0), 2)
    assert ("Счетов пока нет" in words(page)) is (bills == 0)
    assert ("История счетов" in words(page)) is (bills > 0)


async def test_a_bill_of_years_ago_is_shown_where_it_is_the_newest(client: Browser) -> None:
    await client.register()
    await give_bills(1, ["2029-03"], [999_999_999_999])
    assert "К оплате за март 2029 9 999 999 999,99 ₽" in words(await client.get("/profile"))


class _Counted:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self._run = bound().run_statement
        monkeypatch.setattr(bound(), "run_statement", self._noted)

    async def _noted(self, sql: str, arguments: Sequence[Any]) -> Any:
        self.seen.append(sql)
        return await self._run(sql, arguments)


@pytest.mark.parametrize(("changed", "statements"), [({}, 4), ({"tracks": "account"}, 3)])
async def test_the_page_takes_few_statements_however_many_accounts_there_are(
    client: Browser, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], statements: int
) -> None:
    """Session, customer, accounts with their bills, and where the company has cards these."""
    await client.register()
    await client.post("/profile/accounts/new", SECOND)
    for account in (1, 2):
        await give_bills(account, months("2036-08", 36), [100] * 36)
    counted = _Counted(monkeypatch)
    page = await client.get("/profile")
    assert drawings(page.text) == [12, 12]
    assert len(counted.seen) == statements, counted.seen


# --- The places ---


async def test_every_page_marks_its_place(client: Browser) -> None:
    await client.register()
    for path, place in EVERY_PAGE.items():
        for page in (await client.get(path), await client.htmx(path, at="/terms")):
            assert page.status_code == 200, path
            assert [name for name in places(page.text) if name.startswith("[")] == [f"[{place}]"], path
    assert places((await client.get("/terms")).text) == ["Счета", "Карты", "Профиль", "Безопасность"]


@pytest.mark.parametrize("fragment", [one for one in fragments() if one.startswith("profile/")])
def test_every_fragment_says_its_place_and_its_title_is_a_heading(fragment: str) -> None:
    templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
    for state in states_of(fragment):
        html = draw(templates, state)
        # Someone asked for the consent to a new text, who may withdraw it instead, is not in the profile yet.
        marked = sum(name.startswith("[") for name in places(html))
        assert marked == (1 if state.values["signed_in"] else 0), "it sets no `section`"
        headings = re.findall(r"<h[12]\b[^>]*>(.*?)</h[12]>", html, re.DOTALL)
        said = title(httpx.Response(200, text=html)).removeprefix("Ошибка: ").removesuffix(" — Личный кабинет")
        assert said in headings


async def test_a_visitor_has_no_places(client: Browser) -> None:
    for path in ("/", "/terms", "/nowhere"):
        assert 'class="places"' not in (await client.get(path)).text


@pytest.mark.parametrize("changed", [{"tracks": "account"}])
async def test_without_cards_there_is_no_word_of_them(client: Browser, changed: dict[str, Any]) -> None:
    await client.register()
    page = await client.get("/profile")
    assert places(page.text) == ["[Счета]", "Профиль", "Безопасность"]
    assert "/profile/cards" not in page.text


@pytest.mark.parametrize("changed", [{"tracks": "card", "captcha_code": holder.PICTURE}])
async def test_without_accounts_one_lands_at_the_cards(
    client: Browser, settings: Any, clock: Clock, posted: Any, changed: dict[str, Any]
) -> None:
    await holder.import_card(settings, clock)
    await holder.sign_in(client, await holder.get_sms_password(client, posted))
    await client.post("/registration/card/password", {"password": "осенний берег у моря"})
    page = await client.get("/profile")
    assert title(page) == "Карты — Личный кабинет"
    assert places(page.text) == ["[Карты]", "Профиль", "Безопасность"]
    assert holder.CARD["card_number"][-4:] in words(page)
    assert "Лицевых счетов пока нет" not in words(page)
    assert places((await client.get("/profile/cards")).text) == ["[Карты]", "Профиль", "Безопасность"]


async def test_what_is_empty_says_so_in_a_line_and_has_one_button(client: Browser) -> None:
    await client.register()
    await client.post("/profile/accounts/1/removal")
    for path, said, leads in (
        ("/profile", "Лицевых счетов пока нет", "/profile/accounts/new"),
        ("/profile/cards", "Карт пока нет", "/profile/cards/new"),
    ):
        html = (await client.get(path)).text
        empty = re.findall(r'<section class="sheet empty.*?</section>', html, re.DOTALL)
        assert len(empty) == 1
        assert said in empty[0]
        assert re.findall(r'class="button" href="([^"]+)"', empty[0]) == [leads]


async def test_cards_are_shown_on_their_page_and_where_one_lands(
    client: Browser, settings: Any, clock: Clock, posted: Any
) -> None:
    await holder.import_card(settings, clock)
    await client.register()
    await client.post("/profile/cards/new", holder.CARD)
    await client.post(await holder.newest_link(posted, "card-addition"))
    for path in ("/profile", "/profile/cards"):
        assert holder.CARD["card_number"][-4:] in words(await client.get(path))


async def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(client: Browser) -> None:
    await client.register()
    await client.post("/sign-out")
    for path in EVERY_PAGE:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), path
