"""A designer at work: what is saved is seen in open pages, the step and all that was typed stay."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from routes.design import Design
from tests.journeys.server import Server, running
from tests.journeys.visitor import PATIENCE, BrowserErrors

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = pytest.mark.xdist_group("following")
FRAGMENT = "partials/registration/account/phone.html"
STATES = "partials/registration/account/phone.states.json"
EMAIL = "messages/email-confirmation/email.html"
CATALOGUE = "locale/en/LC_MESSAGES/kabinet.po"
OURS = [FRAGMENT, STATES, EMAIL, CATALOGUE, "static/portal.css", "static/mark.svg"]
TYPED = "+7 912 345"
Edit = Callable[[str, str, str], float]
Tell = Callable[[str, float], None]


def ours(name: str) -> Path:
    static = name.removeprefix("static/")
    return Design().template(name) if static == name else Design().asset(static)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("following")
    for name in OURS:
        (folder / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ours(name), folder / "own" / name)
    with running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, KABINET_TEMPLATES=str(folder / "own")) as server:
        yield server


@pytest.fixture
def edit(server: Server) -> Iterator[Edit]:
    """Saves a file with another text in it; when that was."""
    own = Path(server.database.removeprefix("sqlite:")).parent / "own"
    changed: set[str] = set()

    def change(name: str, old: str, new: str) -> float:
        source = (own / name).read_text("utf-8")
        assert old in source
        changed.add(name)
        saved = time.time()
        (own / name).write_text(source.replace(old, new), "utf-8")
        return saved

    yield change
    for name in changed:
        shutil.copy(ours(name), own / name)


@pytest.fixture
def errors(server: Server) -> BrowserErrors:
    return BrowserErrors(server.url)


@pytest.fixture
def page(browser: Browser, errors: BrowserErrors) -> Iterator[Page]:
    context = browser.new_context(locale="ru-RU", viewport={"width": 360, "height": 300}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    errors.listen_to(context)
    yield context.new_page()
    context.close()
    errors.check()


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(kind: str, seconds: float) -> None:
        with capsys.disabled():
            print(f"\n{kind}: {seconds:.3f} s from saved to seen")  # noqa: T201 - what was measured

    return told


def typed_step(page: Page, server: Server, language: str = "") -> Locator:
    """A step in which something was typed: at the end of the field, and the page moved."""
    page.goto(f"{server.url}/{language}")
    page.goto(f"{server.url}/registration/account/phone")
    field = page.locator("#phone")
    field.press_sequentially(TYPED)
    page.locator("#consent").check()
    field.focus()
    page.evaluate("[scrollTo(0, 60), document.querySelector('#phone').setSelectionRange(2, 5)]")
    return field


def assert_kept(page: Page, field: Locator) -> None:
    expect(field).to_have_value(TYPED)
    expect(page.locator("#consent")).to_be_checked()
    expect(field).to_be_focused()
    place = page.evaluate("[scrollY, document.activeElement.selectionStart, document.activeElement.selectionEnd]")
    assert place == [60, 2, 5]


def seen_at(page: Page, condition: str) -> Callable[[float], float]:
    """Begins to look, before the file is saved; what comes back waits for it and tells the seconds."""
    look = f"const look = () => ({condition}) ? resolve(Date.now()) : setTimeout(look, 5); look();"
    late = f"setTimeout(() => reject(new Error('not seen')), {PATIENCE})"
    page.evaluate(f"() => {{ window.seen = new Promise((resolve, reject) => {{ {look} {late}; }}); }}")
    # A page begins to listen when it is at rest.
    heard = f"const heard = () => window.following ? resolve() : setTimeout(heard, 20); heard(); {late};"
    page.evaluate(f"() => new Promise((resolve, reject) => {{ {heard} }})")
    return lambda saved: float(page.evaluate("window.seen")) / 1000 - saved


# What is saved, and by what the page shows it.
SAVED = {
    "template": (FRAGMENT, "{{ heading(", "<p id='edited'>Правка</p>{{ heading(", "document.getElementById('edited')"),
    "style": (
        "static/portal.css", "h1 { font-size: 1.625rem", "h1 { font-size: 1.5rem",
        "getComputedStyle(document.querySelector('h1')).fontSize === '24px'",
    ),
    "picture": (
        "static/mark.svg", "<svg ", '<svg data-edited="" ',
        "document.querySelector('.masthead img').currentSrc !== window.was"
        " && document.querySelector('.masthead img').complete",
    ),
    "catalogue": (CATALOGUE, 'msgstr "Next"', 'msgstr "Go on"', "document.body.textContent.includes('Go on')"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAVED)
def test_what_is_saved_is_seen_and_nothing_is_lost(
    page: Page, server: Server, edit: Edit, tell: Tell, kind: str
) -> None:
    file, old, new, condition = SAVED[kind]
    field = typed_step(page, server, "language/en?back=/" if kind == "catalogue" else "")
    page.evaluate("window.was = document.querySelector('.masthead img').currentSrc")
    seen = seen_at(page, condition)
    tell(kind, seen(edit(file, old, new)))
    assert_kept(page, field)
    # Once more: the script is at work, and what it follows is the new version.
    page.evaluate("window.was = document.querySelector('.masthead img').currentSrc")
    seen = seen_at(page, condition if kind == "picture" else f"!({condition})")
    seen(edit(file, new, old))
    assert_kept(page, field)
    assert page.locator("link[rel=stylesheet]").count() == 1
    # What was typed is what is sent.
    field.fill("+7 912 345-67-89")
    page.locator("#step form button:not(.link)").first.click()
    page.wait_for_url("**/code")


def test_the_frames_of_the_gallery_follow(page: Page, server: Server, edit: Edit, tell: Tell) -> None:
    """A file of states, a template, and an e-mail, whose frame runs no htmx."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{server.url}/dev/gallery?of=registration/account/phone")
    inner = "document.querySelector('iframe').contentDocument"
    expect(page.frame_locator("iframe >> nth=0").locator("#phone")).to_be_visible()
    seen = seen_at(page, f"{inner}.getElementById('phone')?.value.endsWith('00-07')")
    tell("states", seen(edit(STATES, '"пусто": {}', '"пусто": {"form": {"typed": {"phone": "+7 900 000-00-07"}}}')))
    page.goto(f"{server.url}/dev/gallery/frame?message=email-confirmation&number=0&part=html")
    expect(page.frame_locator("iframe").locator("p").first).to_be_visible()
    seen = seen_at(page, f"{inner}.body?.textContent.includes('Правка')")
    tell("e-mail", seen(edit(EMAIL, "{% block body %}", "{% block body %}<p>Правка</p>")))


def test_a_slip_lies_over_the_step_until_it_is_mended(
    page: Page, errors: BrowserErrors, server: Server, edit: Edit
) -> None:
    field = typed_step(page, server)
    errors.expected_failures[500] += 1
    edit(FRAGMENT, "{{ heading(", "{{ headign(")
    over = page.get_by_role("dialog")
    expect(over).to_contain_text("Неизвестное имя «headign»")
    expect(over.locator(".here")).to_contain_text("headign(")
    edit(FRAGMENT, "{{ headign(", "{{ heading(")
    expect(over).to_have_count(0)
    assert_kept(page, field)
