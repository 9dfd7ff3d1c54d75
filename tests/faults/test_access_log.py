"""What the log of a real server says of links and pictures, at its most verbose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from routes import every_handler
from routes.own_path import links_among
from tests.faults.portal_process import running_portal


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_log_of_a_real_server_holds_no_token(database: str, tmp_path: Path) -> None:
    token = "a-token-that-stands-nowhere-else-43-signs-x"
    async with running_portal(database, tmp_path) as portal:
        browser = portal.browser()
        for link in links_among(every_handler()):
            for path in (
                f"{link}/{token}",
                f"{link}/{token}/",
                f"{link}/{token}?x=1",
                f"{portal.base}/{link}/{token}",
            ):
                await browser.get(path)
                await browser.post(path, {"phone": "1"})
                await browser.get(
                    path,
                    headers={
                        "Referer": f"{portal.base}{link}/{token}",
                        "HX-Current-URL": f"{portal.base}{link}/{token}",
                    },
                )
        await browser.get(f"/captcha/another?instead={token}&path=/")
        await browser.get(f"/registration/card/card?a=1&instead={token}")
        await browser.get(f"/captcha/{token}/picture.webp")
        await browser.http.aclose()
        log = portal.log.read_text()
    assert "/registration/card/card" in log
    assert re.search(r"POST /email/confirmation/\{\w+", log)
    assert token not in log
