"""The gallery at work in a browser: what is switched and typed is seen, and moments stand still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from routes.dev.states import NOW, states_of
from tests.journeys.server import Server
from tests.journeys.visitor import BrowserErrors

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = [
    pytest.mark.xdist_group("workbench"),
    pytest.mark.parametrize("server", ["sqlite"], indirect=True),
]
OF_COLOURS = ["color-contrast", "link-in-text-block", "image-alt"]


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    errors = BrowserErrors(server.url)
    errors.listen_to(context)
    # What a page without JavaScript says of its scripts.
    errors.expected_words.append("Blocked script execution")
    yield context.new_page()
    context.close()
    errors.check()


def state(server: Server, fragment: str, name: str, **look: str) -> str:
    number = [one.name for one in states_of(fragment)].index(name)
    more = "".join(f"&{key}={value}" for key, value in look.items())
    return f"{server.url}/dev/gallery/state?fragment={fragment}&number={number}{more}"


def test_what_the_browser_shows_by_itself_stands_still(page: Page, server: Server) -> None:
    page.goto(state(server, "sign_in/phone", "нет связи"))
    expect(page.get_by_role("alert")).to_contain_text("Проверьте подключение к интернету")
    page.goto(state(server, "sign_in/phone", "кнопка ждет"))
    expect(page.locator("form [aria-busy=true]")).to_have_text("Далее")
    page.goto(state(server, "profile/overview", "сеанс скоро кончится"))
    expect(page.get_by_role("button", name="Продолжить")).to_be_visible()
    page.goto(state(server, "profile/overview", "сеанс кончится не скоро"))
    expect(page.get_by_role("button", name="Продолжить")).to_be_hidden()
    page.goto(state(server, "registration/account/code", "код отправлен"))
    expect(page.get_by_text("через 42 с")).to_be_visible()
    # The clock stands, and nothing counts on.
    assert page.evaluate("[Date.now(), setInterval(() => {}, 1)]") == [NOW.timestamp() * 1000, 0]


def test_without_javascript_a_state_is_as_it_is_there(page: Page, server: Server) -> None:
    for script, shown in (("on", True), ("off", False)):
        page.goto(f"{server.url}/dev/gallery/frame?fragment=sign_in/login&number=0&script={script}")
        reveal = page.frame_locator("iframe").get_by_role("button", name="Показать пароль")
        expect(page.frame_locator("iframe").locator("#password")).to_be_visible()
        expect(reveal).to_be_visible(visible=shown)


def test_switches_values_and_axe_work_in_place(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/dev/gallery/frame?fragment=sign_in/phone&number=1")
    frame = page.frame_locator("iframe[name=state]")
    expect(page.locator("#axe")).to_have_text("Замечаний нет")
    page.get_by_label("Тема").select_option("dark")
    page.wait_for_url("**theme=dark**")
    expect(frame.locator(":root")).to_have_css("color-scheme", "dark")
    page.get_by_label("Ширина").select_option("1280")
    page.wait_for_url("**width=1280**")
    assert "theme=dark" in page.url
    assert frame.locator(":root").evaluate("() => innerWidth") == 1280
    values = page.get_by_label("Значения")
    values.fill(values.input_value().replace("345-67-89", "000-00-00"))
    expect(frame.get_by_label("Номер мобильного телефона")).to_have_value("+7 912 000-00-00")
    expect(frame.locator(":root")).to_have_css("color-scheme", "dark")
    page.get_by_role("link", name="Следующее").click()
    page.wait_for_url("**number=2**")
    assert "theme=dark" in page.url


def test_the_sheet_is_live_and_can_be_searched(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/dev/gallery?of=sign_in/phone")
    first = page.frame_locator("iframe >> nth=0")
    expect(first.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("iframe").first.evaluate("frame => frame.getBoundingClientRect().width") == pytest.approx(216)
    # No state takes the focus from the page around it, or moves it.
    assert page.evaluate("[document.activeElement.tagName, scrollY]") == ["H1", 0]
    page.get_by_label("Найти").fill("сеанс")
    expect(page.locator("#shown")).to_have_text("1")
    expect(page.get_by_role("link", name="сеанс завершен")).to_be_visible()
    page.get_by_label("только с ошибками").check()
    page.wait_for_url("**errors=only**")
    assert "text-of" in page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_another_brand_can_be_read(page: Page, server: Server, theme: Any) -> None:
    """What its colours and its logo change, where each of them is seen."""
    page.emulate_media(color_scheme=theme)
    for fragment, name in (
        ("sign_in/phone", "номер не введен"),
        ("registration/account/person", states_of("registration/account/person")[-1].name),
        ("profile/overview", states_of("profile/overview")[0].name),
        ("profile/cards", states_of("profile/cards")[-1].name),
    ):
        page.goto(state(server, fragment, name, brand="teplo"))
        page.add_script_tag(url="/dev/gallery/axe.js")
        only = {"type": "rule", "values": OF_COLOURS}
        found = page.evaluate("only => axe.run({runOnly: only, resultTypes: ['violations']})", only)["violations"]
        assert not [(one["id"], node["target"]) for one in found for node in one["nodes"]], fragment
