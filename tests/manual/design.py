"""Takes the pictures of docs/design.md: what a designer sees while working. Run with `make pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from routes.design import TEMPLATES
from tests.compare import report
from tests.journeys.fixtures import ARGUMENTS, chromium
from tests.journeys.server import Server, running

FOLDER = Path(__file__).parents[2] / "docs" / "design"
_FRAGMENT = Path("partials/sign_in/phone.html")
_WIDTH, _HEIGHT = 1280, 800
_STILL = "* { caret-color: transparent !important; animation: none !important; transition: none !important; }"
# The frames below the screen are not loaded; of the others each has its page.
_LOADED = """() => [...document.querySelectorAll("iframe")].every((frame) => {
  const { top } = frame.getBoundingClientRect();
  const page = frame.contentDocument;
  return top > innerHeight || (page.readyState === "complete" && page.URL !== "about:blank" && page.body.innerText
    && [...page.images].every((image) => image.complete));
})"""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kabinet-design-") as name:
        folder = Path(name)
        copy = folder / "ours" / _FRAGMENT
        copy.parent.mkdir(parents=True)
        with (
            running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, KABINET_TEMPLATES=str(folder / "ours")) as server,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            page = _opened(browser, _WIDTH, _HEIGHT)
            _take_gallery(page, server)
            _take_slip(page, server, copy)
            _take_comparison(page, browser, server, copy, folder / "compare")
            browser.close()


def _take_gallery(page: Page, server: Server) -> None:
    gallery = f"{server.url}/dev/gallery"
    # So that the sheet tells the count.
    page.goto(f"{gallery}/branches")
    page.goto(f"{gallery}?of=registration/account/bill")
    _take(page, "gallery")
    page.goto(f"{gallery}/frame?fragment=registration/account/bill&number=2")
    page.locator("#axe:not(:has-text('Проверяется'))").wait_for()
    _take(page, "state")
    page.goto(f"{gallery}/frame?message=email-confirmation&number=0&part=html&width=700")
    _take(page, "message")


def _take_slip(page: Page, server: Server, copy: Path) -> None:
    source = (TEMPLATES / _FRAGMENT).read_text("utf-8")
    copy.write_text(source.replace("sign_in_tabs(tabs)", "sign_in_tbas(tabs)"), "utf-8")
    page.goto(f"{server.url}/sign-in/phone")
    page.locator("#slip").wait_for()
    _take(page, "slip")
    copy.write_text(source, "utf-8")
    page.locator("h1").get_by_text("Вход").wait_for()


def _take_comparison(page: Page, browser: Browser, server: Server, copy: Path, folder: Path) -> None:
    """The page that `make compare` writes, of one state whose text has changed."""
    state = f"{server.url}/dev/gallery/state?fragment=sign_in/phone&number=0&still=1"
    phone = _opened(browser, 360, 640)
    pictures = []
    for text in ("Далее", "Продолжить"):
        copy.write_text((TEMPLATES / _FRAGMENT).read_text("utf-8").replace("Далее", text), "utf-8")
        phone.goto(state)
        phone.get_by_role("button", name=text).wait_for()
        pictures.append(phone.screenshot(animations="disabled"))
    title = "Вход · sign_in/phone · пусто"
    report.write(folder, "main", [report.Picture(title, "360 px, light", *pictures)], ["sign_in/login · пусто"], 9)
    page.goto((folder / "index.html").as_uri())
    _take(page, "compare")


def _opened(browser: Browser, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="ru-RU", timezone_id="Europe/Moscow",
        color_scheme="light", reduced_motion="reduce", bypass_csp=True,
    )  # fmt: skip
    return context.new_page()


def _take(page: Page, name: str) -> None:
    page.add_style_tag(content=_STILL)
    page.wait_for_function(_LOADED)
    page.evaluate("scrollTo(0, 0); document.activeElement?.blur()")
    # What is scaled down is drawn a frame later than what is around it.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
