"""Who is told that a file has changed: browsers while developing, in the network too; in production nobody."""

from __future__ import annotations

import re
from typing import Any

import pytest

from routes.cli.serving import warning_of_network
from routes.kept_pages import KeptPages
from settings import Settings
from tests.browser import Browser
from tests.routes.test_headers import PRODUCTION

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"}
ADDRESSES = ("/live/changes", "/live/follow.js", "/live/changes.js")
DEVELOPMENT = {"sms": ("outbox:",)}


@pytest.mark.parametrize("changed", [DEVELOPMENT])
@pytest.mark.parametrize("path", ["/", "/registration/account/phone", "/no-such-page"])
async def test_a_page_of_a_browser_follows_the_files(client: Browser, path: str) -> None:
    """From whatever machine: a phone is in the network of its designer, and /dev is closed to it."""
    with_script = (await client.get(path, headers={"Accept": A_BROWSER["Accept"]})).text
    assert with_script.count("/live/follow.js") == 1
    plain = (await client.get(path)).text
    assert "/live/" not in plain
    if path == "/":
        # Nothing else is another.
        assert re.sub(r'<script src="/live/follow.js" data-version="\d+" defer></script>', "", with_script) == plain
    assert "/live/" not in (await client.htmx(path, None, at=None, **A_BROWSER)).text


@pytest.mark.parametrize("changed", [DEVELOPMENT])
async def test_the_network_gets_word_of_changes_and_nothing_of_dev(client: Browser) -> None:
    assert (await client.get("/live/changes?than=none")).text.isdigit()
    for path in ("/live/follow.js", "/live/changes.js"):
        answer = await client.get(path)
        assert answer.headers["content-type"].startswith("text/javascript")
    for path in ("/dev", "/dev/outbox", "/dev/gallery", "/dev/slip.css"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("changed", [PRODUCTION, {**DEVELOPMENT, "sms": PRODUCTION["sms"]}], ids=["production", "real"])
async def test_where_anything_real_is_sent_nothing_of_it_exists(client: Browser, changed: dict[str, Any]) -> None:
    for path in ADDRESSES:
        assert (await client.get(path)).status_code == 404
    for path in ("/", "/registration/account/phone", "/profile", "/no-such-page"):
        page = await client.get(path, headers=A_BROWSER)
        assert "live" not in page.text.replace('aria-live="polite"', ""), path


@pytest.mark.parametrize("changed", [PRODUCTION])
async def test_in_production_a_browsers_first_page_is_the_kept_one(client: Browser, app: Any) -> None:
    kept: KeptPages = app.kept
    kept._pages.clear()
    first = (await client.get("/", headers=A_BROWSER)).content
    assert len(kept._pages) == 1
    assert (await client.get("/")).content == first


def test_a_portal_in_the_network_says_what_it_opens(settings: Settings) -> None:
    told = warning_of_network(settings, "0.0.0.0", 8000)
    assert "everybody in this network" in told
    assert settings.public_url in told
    for host in ("127.0.0.1", "localhost", "::1"):
        assert not warning_of_network(settings, host, 8000)
