"""The designers' gallery: nothing is missing from it, every state draws, and every state is accessible to all."""

from __future__ import annotations

import contextlib
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
from routes.design import TEMPLATES
from routes.dev.gallery import draw
from routes.dev.states import PARTIALS, State, declared_in, fragments, states_of
from routes.sources import sources
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
# Their pages are for a mouse.
DEVELOPERS = "dev/"
# Main controls are 52 px high, everything else 44 px: for a thumb. A link within a sentence may be as high as its line,
# and a box belongs to its label (WCAG 2.2, 2.5.8).
_TARGETS = """
(least) => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(".skip, [readonly]"))
  .map((element) => {
    const block = element.matches("[type=checkbox], [type=radio]") ? element.parentElement : element;
    const { width, height } = block.getBoundingClientRect();
    const main = element.matches("main button:not(.link, [data-reveal]), .button, input, select, textarea")
      && !element.matches("[type=checkbox], [type=radio]");
    const beside = [...element.parentElement.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const within = element.matches("a") && getComputedStyle(element).display === "inline"
      && beside.some((node) => /\\p{L}/u.test(node.data));
    return { name: element.outerHTML.slice(0, 90), width, height, least: main ? 52 : within ? 0 : least };
  })
"""
# What stands around the step: it is the same in most states.
_AROUND = """
() => Object.fromEntries([...document.body.children].filter((one) => one.id !== "step").map((one) =>
  [`body > :nth-child(${[...document.body.children].indexOf(one) + 1})`, one.outerHTML]))
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
def seen() -> set[str]:
    """What stands around the steps, such as the masthead, and has been looked at already: theme and HTML."""
    return set()


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
def test_every_state_is_accessible_and_fits(tab: Tab, server: Server, seen: set[str], fragment: str) -> None:
    problems: list[str] = []
    for number, state in enumerate(STATES[fragment]):
        tab.set_viewport_size({"width": PHONE, "height": 740})
        tab.emulate_media(color_scheme="light")
        tab.goto(f"{server.url}/dev/gallery/state?fragment={quote(fragment)}&number={number}")
        found = _violations(tab, {"type": "tag", "values": STANDARDS}, seen, "light")
        found += _small_targets(tab, 24 if fragment.startswith(DEVELOPERS) else 44)
        tab.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in _violations(tab, {"type": "rule", "values": OF_COLOURS}, seen, "dark")]
        if _scrolls(tab):
            found.append(f"scrolls sideways at {PHONE} px")
        if not fragment.startswith(DEVELOPERS):
            with _large_text(tab):
                if _scrolls(tab):
                    found.append("text twice as large scrolls sideways")
        for width in (NARROWEST, DESKTOP):
            tab.set_viewport_size({"width": width, "height": 740})
            if _scrolls(tab):
                found.append(f"scrolls sideways at {width} px")
        problems += [f"{_name(state)}: {one}" for one in found]
    assert not problems, "\n".join(problems)


def _name(state: State) -> str:
    return f"{state.fragment} «{state.name}»"


def _violations(tab: Tab, run_only: dict[str, Any], seen: set[str], theme: str) -> list[str]:
    around: dict[str, str] = tab.evaluate(_AROUND)
    known = [selector for selector, html in around.items() if f"{theme} {html}" in seen]
    seen.update(f"{theme} {html}" for html in around.values())
    # Frames of the gallery itself hold states that are looked at by themselves.
    results = tab.evaluate(
        "([known, only]) => axe.run({exclude: known}, {runOnly: only, iframes: false, resultTypes: ['violations']})",
        [known, run_only],
    )
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


def _scrolls(tab: Tab) -> bool:
    """Whether the page is wider than the screen."""
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextlib.contextmanager
def _large_text(tab: Tab) -> Iterator[None]:
    """Text twice as large, as the customer has set it in the browser."""
    settings = tab.context.new_cdp_session(tab)
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 32}})
    yield
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    settings.detach()
