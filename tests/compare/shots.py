"""Pictures of pages, several at once in one browser: each page is loaded once and seen in every width and theme."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.server
import io
import mimetypes
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, CDPSession, async_playwright
from playwright.async_api import Page as Tab

from tests.journeys.fixtures import ARGUMENTS, chromium

WIDTHS = (360, 1280)
THEMES = ("light", "dark")
_HEIGHT, _HIGHEST = 640, 12_000
_AT_ONCE = 3
# What moves stands still.
_STILL = (
    "<style>*, ::before, ::after { animation-duration: 0s !important; animation-delay: 0s !important;"
    " caret-color: transparent !important; transition: none !important; }</style></head>"
)
_READY = """
async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.complete
    || new Promise((done) => { image.onload = image.onerror = done; })));
}
"""
# What scrolls by itself is drawn a frame later than what is around it.
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Looked:
    """One picture of a page, as PNG."""

    width: int
    theme: str
    png: bytes


class Shots:
    """`look(address)` gives the pictures of a page."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser, self._origin = browser, origin
        self._free: asyncio.Queue[tuple[Tab, CDPSession]] = asyncio.Queue()

    @property
    def version(self) -> str:
        return self._browser.version

    async def open(self) -> None:
        for _ in range(_AT_ONCE):
            # One for each tab: the portal's script tells other tabs when the session ends.
            context = await self._browser.new_context(
                locale="ru-RU", reduced_motion="reduce", timezone_id="Europe/Moscow"
            )
            tab = await context.new_page()
            self._free.put_nowait((tab, await context.new_cdp_session(tab)))

    async def look(self, address: str) -> Sequence[Looked]:
        tab, session = await self._free.get()
        try:
            await tab.goto(f"{self._origin}{address}", wait_until="load")
            await tab.evaluate(_READY)
            return [one for width in WIDTHS for one in await _taken(tab, session, width)]
        finally:
            self._free.put_nowait((tab, session))


async def _taken(tab: Tab, session: CDPSession, width: int) -> list[Looked]:
    """The whole page, however long, in each theme: the screen is made as high as it is."""
    await _resize(session, width, _HEIGHT)
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    await _resize(session, width, min(max(_HEIGHT, size["height"]), _HIGHEST))
    await tab.evaluate(_DRAWN)
    taken = []
    for theme in THEMES:
        await session.send("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"},
        ]})  # fmt: skip
        shot = await session.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        taken.append(Looked(width, theme, base64.b64decode(shot["data"])))
    return taken


async def _resize(session: CDPSession, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    await session.send("Emulation.setDeviceMetricsOverride", metrics)


@contextlib.asynccontextmanager
async def opened(pages: Mapping[str, str], folders: Sequence[Path]) -> AsyncIterator[Shots]:
    """`pages` by their address; what is static lies in `folders`."""
    with _served(pages, folders) as origin:
        async with async_playwright() as playwright:
            found = chromium("chromium-headless-shell")
            browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
            shots = Shots(browser, origin)
            await shots.open()
            yield shots
            await browser.close()


@contextlib.contextmanager
def _served(pages: Mapping[str, str], folders: Sequence[Path]) -> Iterator[str]:
    captcha = _captcha()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removeprefix("/static/")
            found = next((folder / "static" / name for folder in folders if (folder / "static" / name).is_file()), None)
            if self.path in pages:
                self._send(200, "text/html; charset=utf-8", pages[self.path].replace("</head>", _STILL, 1).encode())
            elif name == "captcha.webp":
                self._send(200, "image/webp", captcha)
            elif found is not None and self.path.startswith("/static/"):
                self._send(200, mimetypes.guess_type(name)[0] or "application/octet-stream", found.read_bytes())
            else:
                self._send(404, "text/plain", b"")

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "max-age=3600" if self.path.startswith("/static/") else "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _captcha() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 144), (28, 40, 80)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()
