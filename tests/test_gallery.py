"""The designers' gallery: nothing is missing from it, every state draws, and every state is accessible to all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from domain.refusals import Code
from routes.assets import Assets
from routes.dev.gallery import draw
from routes.dev.states import PARTIALS, State, declared_in, fragments, states_of
from routes.sources import TEMPLATES, sources
from routes.templates import Templates
from tests.journeys.server import Server
from tests.journeys.visitor import BrowserErrors

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = pytest.mark.xdist_group("gallery")
in_gallery = pytest.mark.parametrize("server", ["sqlite"], indirect=True)

AXE = Path(__file__).parent / "axe" / "axe-4.14.1.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The theme changes colours and nothing else: what does not look at them is asked once.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
NARROWEST, PHONE, DESKTOP = 320, 360, 1280
# Of a customer who is signed in: every target is for a thumb, and text twice as large needs no more room.
PROFILE = "profile/"
# Main controls are 52 px high, everything else 24 px, in the profile 44. A link within a sentence may be as high as its
# line, and a box belongs to its label (WCAG 2.2, 2.5.8).
_TARGETS = """
(least) => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
  .filter((element) => element.checkVisibility() && !element.matches(".skip, [readonly]"))
  .map((element) => {
    const alone = element.parentElement.textContent.trim() === element.textContent.trim();
    const block = element.matches("[type=checkbox]") ? element.parentElement : element;
    const { width, height } = block.getBoundingClientRect();
    const main = element.matches("main button:not(.link, [data-reveal]), .button, input, select, textarea")
      && !element.matches("[type=checkbox]");
    const within = element.matches("a") && getComputedStyle(element).display === "inline" && !alone;
    return { name: element.outerHTML.slice(0, 90), width, height, least: main ? 52 : within ? 0 : least };
  })
"""
STATES = {fragment: states_of(fragment) for fragment in fragments()}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(ZoneInfo("Europe/Moscow"), Assets(sources(watch=False)), sources(watch=False))


def test_every_fragment_has_states_and_every_state_a_fragment() -> None:
    assert not [fragment for fragment, states in STATES.items() if not states], "fragments without states"
    assert not set(declared_in(PARTIALS)) - set(STATES), "states of fragments that do not exist"


def test_every_code_has_a_text_and_no_text_lacks_a_code(templates: Templates) -> None:
    texts: dict[str, str] = templates.environment.get_template("partials/errors.html").module.texts  # type: ignore[attr-defined]
    assert set(texts) == {code.value for code in Code}


def test_every_code_is_shown_by_a_state(templates: Templates) -> None:
    shown = {
        refused.code
        for states in STATES.values()
        for state in states
        for refusals in state.values["form"].errors.values()
        for refused in refusals
    }
    sources = "\n".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html") if path.name != "errors.html")
    texts = templates.environment.get_template("partials/errors.html").module.texts  # type: ignore[attr-defined]
    # Some are no error of a form: a whole screen or a note says them.
    told = {code for code in Code if texts[code.value] in sources}
    assert not set(Code) - shown - told, "codes that no state shows"


@pytest.mark.parametrize("fragment", STATES)
def test_every_state_draws_whole_and_as_a_fragment(templates: Templates, fragment: str) -> None:
    for state in STATES[fragment]:
        for layout in ("page.html", "fragment.html"):
            drawn = draw(templates, state, layout)
            assert "<h1" in drawn, f"{_name(state)}: no heading"
            refused = any(state.values["form"].errors.values())
            assert 'class="error"' in drawn or not refused, f"{_name(state)}: the error is not shown"


@pytest.fixture(scope="module")
def tab(browser: Browser, server: Server) -> Iterator[Tab]:
    """One tab for all states; what the browser complains about fails the last test that used it."""
    context = browser.new_context(locale="ru-RU", reduced_motion="reduce")
    # Put in by the debugger, past the content security policy, which stays as customers get it.
    context.add_init_script(path=AXE)
    browser_errors = BrowserErrors(server.url)
    browser_errors.listen_to(context)
    yield context.new_page()
    context.close()
    browser_errors.check()


@in_gallery
@pytest.mark.parametrize("fragment", STATES)
def test_every_state_is_accessible_and_fits(tab: Tab, server: Server, fragment: str) -> None:
    problems: list[str] = []
    for number, state in enumerate(STATES[fragment]):
        tab.set_viewport_size({"width": PHONE, "height": 740})
        tab.emulate_media(color_scheme="light")
        tab.goto(f"{server.url}/dev/gallery/state?fragment={quote(fragment)}&number={number}")
        found = _violations(tab, {"type": "tag", "values": STANDARDS})
        found += _small_targets(tab, 44 if fragment.startswith(PROFILE) else 24)
        tab.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in _violations(tab, {"type": "rule", "values": OF_COLOURS})]
        found += [f"scrolls sideways at {width} px" for width in (PHONE, NARROWEST, DESKTOP) if _scrolls(tab, width)]
        if fragment.startswith(PROFILE) and _scrolls(tab, PHONE, text=32):
            found.append("text twice as large scrolls sideways")
        problems += [f"{_name(state)}: {one}" for one in found]
    assert not problems, "\n".join(problems)


def _name(state: State) -> str:
    return f"{state.fragment} «{state.name}»"


def _violations(tab: Tab, run_only: dict[str, Any]) -> list[str]:
    # Frames of the gallery itself hold states that are looked at by themselves.
    results = tab.evaluate("only => axe.run({runOnly: only, iframes: false, resultTypes: ['violations']})", run_only)
    return [
        f"{found['id']}: {node['target']} {re.sub(chr(10), ' ', node['failureSummary'])}"
        for found in results["violations"]
        for node in found["nodes"]
    ]


def _small_targets(tab: Tab, least: int) -> list[str]:
    return [
        f"{target['width']:.0f}x{target['height']:.0f} px: {target['name']}"
        for target in tab.evaluate(_TARGETS, least)
        # Layout rounds to 1/64 px.
        if target["height"] < target["least"] - 0.1 or (target["least"] and target["width"] < 24)
    ]


def _scrolls(tab: Tab, width: int, *, text: int = 16) -> bool:
    """Whether the page is wider than the screen; `text` is the size that the customer has set in the browser, px."""
    tab.set_viewport_size({"width": width, "height": 740})
    settings = tab.context.new_cdp_session(tab)
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": text, "fixed": text}})
    wide = bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    settings.detach()
    return wide
