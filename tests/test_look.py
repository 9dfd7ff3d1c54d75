"""What the look promises, measured in the browser: contrast, weight, forced colours, motion.

That targets are big enough is asked of every state: see test_gallery.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from routes.contrast import CONTROL, OF_CONTROLS, OF_TEXT, TEXT
from routes.design import Design
from routes.dev.states import states_of
from routes.tokens import colour, contrast, declared
from tests.journeys.server import Server
from tests.journeys.visitor import BrowserErrors

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = [
    pytest.mark.xdist_group("gallery"),
    pytest.mark.parametrize("server", ["sqlite"], indirect=True),
]

# Over the wire, headers included. The first paint fits into the ten packets that a server sends
# before it hears back: 10 x 1460 bytes (RFC 6928).
FIRST_VISIT, FIRST_PAINT, STYLESHEET = 45_000, 14_000, 4_000


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="ru-RU", viewport={"width": 360, "height": 740})
    browser_errors = BrowserErrors(server.url)
    browser_errors.listen_to(context)
    yield context
    context.close()
    browser_errors.check()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


# The browser resolves `light-dark()` and OKLCH, and a canvas turns them into the pixels a customer sees.
_CONTRAST = """
([above, below, opacity]) => {
  const probe = document.body.appendChild(document.createElement("i"));
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (token, alpha) => {
    probe.style.color = `var(--${token})`;
    canvas.globalAlpha = alpha;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([red, green, blue]) => [red, green, blue]
    .map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const [darker, lighter] = [luminance(paint(below, 1)), luminance(paint(above, opacity))].sort((a, b) => a - b);
  probe.remove();
  return (lighter + 0.05) / (darker + 0.05);
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tokens_contrast(page: Page, server: Server, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(server.url)
    # Proof that the tokens are read at all: an unknown one would compare a colour with itself.
    assert page.evaluate(_CONTRAST, ["ink", "ink", 1]) == 1

    placeholder = page.evaluate("Number(getComputedStyle(document.querySelector('input'), '::placeholder').opacity)")
    asked = [
        *((above, below, 1, TEXT) for above, below in OF_TEXT),
        *((above, below, 1, CONTROL) for above, below in OF_CONTROLS),
        ("ink-soft", "sheet", placeholder, TEXT),
    ]
    measured = [(*one, page.evaluate(_CONTRAST, list(one[:3]))) for one in asked]
    low = [f"{above} on {below}: {is_:.2f} < {least}" for above, below, _, least, is_ in measured if is_ < least]
    assert not low, f"in the {theme} theme: {low}"
    # What `make check` and the start work out for every brand is what is seen; a screen rounds to 1/255.
    tokens = declared(Design().asset("portal.css").read_text("utf-8"))
    seen = {(above, below): is_ for above, below, opacity, _, is_ in measured if opacity == 1}
    reckoned = {
        pair: contrast(colour(tokens[pair[0]], theme, tokens), colour(tokens[pair[1]], theme, tokens)) for pair in seen
    }
    assert reckoned == pytest.approx(seen, rel=0.02)


def test_a_sheet_differs_from_the_page_in_the_dark(page: Page, server: Server) -> None:
    """In the light its border and white do that; of two dark grounds less than this is seen as one."""
    page.emulate_media(color_scheme="dark")
    page.goto(server.url)
    assert page.evaluate(_CONTRAST, ["sheet", "page", 1]) >= 1.15
    assert page.evaluate(_CONTRAST, ["tint", "sheet", 1]) >= 1.15


@dataclass
class Fetched:
    """What came over the wire from one address; `size` counts the headers too, `body` does not."""

    encoding: str
    body: int
    size: int = 0


def _first_visit(context: BrowserContext, server: Server) -> dict[str, Fetched]:
    page = context.new_page()
    wire = context.new_cdp_session(page)
    fetched: dict[str, Fetched] = {}
    paths: dict[str, str] = {}

    def received(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        path = paths[event["requestId"]] = event["response"]["url"].removeprefix(server.url)
        fetched.setdefault(path, Fetched(headers.get("content-encoding", ""), int(headers.get("content-length", 0))))

    def finished(event: dict[str, Any]) -> None:
        # The mark is the page's icon too; the second time it costs nothing.
        fetched[paths[event["requestId"]]].size += int(event["encodedDataLength"])

    wire.on("Network.responseReceived", received)
    wire.on("Network.loadingFinished", finished)
    wire.send("Network.enable")
    page.goto(server.url, wait_until="networkidle")
    return fetched


def test_first_visit_is_light(context: BrowserContext, server: Server) -> None:
    fetched = _first_visit(context, server)
    # What follows the files does not exist in production: tests/routes/dev/test_following.py.
    fetched = {path: answer for path, answer in fetched.items() if not path.startswith("/live/")}
    sizes = {path: answer.size for path, answer in fetched.items()}
    assert len(sizes) == 5, f"page, stylesheet, two scripts and the mark were expected: {sizes}"
    assert all(sizes.values()), f"an answer was not measured: {sizes}"
    assert {answer.encoding for answer in fetched.values()} == {"br"}, f"not all is brotli: {fetched}"
    style = next(path for path in fetched if path.endswith(".css"))
    assert fetched[style].body < STYLESHEET, f"the stylesheet weighs {fetched[style].body} bytes"
    assert sizes["/"] + sizes[style] < FIRST_PAINT, f"too much for the first paint: {sizes}"
    assert sum(sizes.values()) <= FIRST_VISIT, f"the first session weighs {sum(sizes.values())} bytes: {sizes}"


def test_words_are_broken_with_a_hyphen(page: Page, server: Server) -> None:
    page.goto(server.url)
    for element in ("h1", "button:visible >> nth=-1"):
        assert page.locator(element).first.evaluate("(element) => getComputedStyle(element).hyphens") == "auto"


def test_forced_colours_keep_borders_and_focus(page: Page, server: Server) -> None:
    page.emulate_media(forced_colors="active")
    # Number and consent are wrong: buttons, fields and the summary.
    states = [state.values["form"].errors.keys() for state in states_of("registration/account/phone")]
    number = states.index({"phone", "consent"})
    page.goto(f"{server.url}/dev/gallery/state?fragment=registration/account/phone&number={number}")
    # A line is drawn around the step, which on a phone has none otherwise: its text keeps a distance from it.
    assert page.locator(".step").evaluate("(step) => parseFloat(getComputedStyle(step).paddingLeft)") >= 16
    # Backgrounds are gone: only lines tell where a control is.
    lines = page.evaluate(
        """() => [...document.querySelectorAll("main button:not(.link), main .summary, #phone")].map((element) => {
          const { borderTopStyle, borderTopColor, borderTopWidth } = getComputedStyle(element);
          const ground = getComputedStyle(document.body).backgroundColor;
          const seen = borderTopStyle === "solid" && parseFloat(borderTopWidth) >= 1 && borderTopColor !== ground;
          return [element.outerHTML.slice(0, 60), seen];
        })"""
    )
    assert len(lines) >= 3
    assert not [name for name, seen in lines if not seen], f"no border is seen: {lines}"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus cannot be seen"


# Notes by name everything that moves while a step comes in, the pieces of a view transition too.
_WATCH = """
() => {
  window.moved = new Set();
  const look = () => {
    document.getAnimations()
      .filter((motion) => motion.playState === "running" && motion.effect.getComputedTiming().activeDuration > 0)
      .forEach((motion) => window.moved.add(motion.animationName ?? motion.transitionProperty));
    requestAnimationFrame(look);
  };
  look();
}
"""


def _moved(page: Page, server: Server) -> list[str]:
    page.goto(server.url)
    page.evaluate(_WATCH)
    page.get_by_label("Номер мобильного телефона").fill("8 900 000-00-00")
    page.get_by_role("button", name="Далее").click()
    expect(page.locator("#sign-in-password")).to_be_visible()
    # The step has come and painted.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    moved: list[str] = page.evaluate("[...window.moved]")
    return moved


def test_nothing_moves_where_reduced_motion_is_asked_for(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="no-preference")
    assert "arrive" in _moved(page, server), "steps do not slide in, or this test does not see it"
    page.emulate_media(reduced_motion="reduce")
    assert _moved(page, server) == []
