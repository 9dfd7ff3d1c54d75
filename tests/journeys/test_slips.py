"""A designer at work: a slip is seen in the browser and goes by itself when the file is saved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from routes.design import TEMPLATES
from tests.journeys.server import Server, running

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = pytest.mark.xdist_group("slips")
FRAGMENT = Path("partials/sign_in/phone.html")
GOOD = (TEMPLATES / FRAGMENT).read_text("utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A portal with a folder of its own beside its database."""
    folder = tmp_path_factory.mktemp("designer")
    (folder / "own" / FRAGMENT.parent).mkdir(parents=True)
    shutil.copy(TEMPLATES / FRAGMENT, folder / "own" / FRAGMENT)
    with running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, KABINET_TEMPLATES=str(folder / "own")) as server:
        yield server


@pytest.fixture
def fragment(server: Server) -> Iterator[Path]:
    path = Path(server.database.removeprefix("sqlite:")).parent / "own" / FRAGMENT
    yield path
    path.write_text(GOOD, "utf-8")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="ru-RU", viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("way", ["page", "step", "frame"])
def test_a_slip_is_shown_and_mends_itself(page: Page, server: Server, fragment: Path, way: str) -> None:
    broken = GOOD.replace("sign_in_tabs(tabs)", "sign_in_tbas(tabs)")
    if way == "step":
        page.goto(f"{server.url}/registration")
        page.evaluate("() => { window.followed = new Promise((done) => document.addEventListener('followed', done)); }")
        fragment.write_text(broken, "utf-8")
        page.evaluate("() => window.followed.then(() => true)")
        page.locator(".masthead > a").click()
        shown = page.locator("#slip")
    elif way == "frame":
        fragment.write_text(broken, "utf-8")
        page.goto(f"{server.url}/dev/gallery/frame?fragment=sign_in/phone&number=0")
        shown = page.frame_locator("iframe").locator("#slip")
    else:
        fragment.write_text(broken, "utf-8")
        page.goto(f"{server.url}/sign-in/phone")
        shown = page.locator("#slip")
    expect(shown).to_contain_text("Неизвестное имя «sign_in_tbas»")
    expect(shown.locator(".here")).to_contain_text("sign_in_tbas(tabs)")
    expect(shown.locator(".here")).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    fragment.write_text(GOOD, "utf-8")
    heading = page.frame_locator("iframe").locator("h1") if way == "frame" else page.locator("h1")
    expect(shown).to_have_count(0)
    expect(heading).to_have_count(1)
    assert way != "page" or page.url == f"{server.url}/sign-in/phone"


def test_a_tag_that_is_not_closed_stands_in_a_bar_and_in_the_console(
    page: Page, server: Server, fragment: Path
) -> None:
    warned: list[str] = []
    page.on("console", lambda message: warned.append(message.text) if message.type == "warning" else None)
    fragment.write_text(GOOD.replace("</a>", "", 1), "utf-8")
    page.goto(f"{server.url}/sign-in/phone")
    bar = page.locator(".markup-slips")
    expect(bar).to_be_in_viewport()
    line = GOOD[: GOOD.index("</a>")].count("\n") + 1
    expect(bar).to_have_text(f"own/{FRAGMENT}:{line}: <a> не закрыт до </section>")
    assert warned == [f"own/{FRAGMENT}:{line}: <a> не закрыт до </section>"]
    fragment.write_text(GOOD, "utf-8")
    expect(bar).to_have_count(0)
    expect(page.locator("#sign-in-phone")).to_be_visible()
