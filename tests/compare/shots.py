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
_AT_ONCE = 4
# What moves stands still.
_STILL = (
    "*, ::before, ::after { animation-duration: 0s !important; animation-delay: 0s !important;"
    " caret-color: transparent !important; transition: none !important; }"
)
_READY = """
async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.complete
    || new Promise((done) => { image.onload = image.onerror = done; })));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
"""


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
            await tab.add_style_tag(content=_STILL)
            await tab.evaluate(_READY)
            return [Looked(width, theme, await _taken(session, width, theme)) for width in WIDTHS for theme in THEMES]
        finally:
            self._free.put_nowait((tab, session))


async def _taken(session: CDPSession, width: int, theme: str) -> bytes:
    """The whole page, however long."""
    await session.send("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"},
    ]})  # fmt: skip
    metrics = {"width": width, "height": _HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    await session.send("Emulation.setDeviceMetricsOverride", metrics)
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(max(_HEIGHT, size["height"]), _HIGHEST), "scale": 1}
    options = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": True, "clip": clip}
    return base64.b64decode((await session.send("Page.captureScreenshot", options))["data"])


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
                self._send(200, "text/html; charset=utf-8", pages[self.path].encode())
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
