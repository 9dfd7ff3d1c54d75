"""What every answer carries: pages, fragments, refusals, faults, files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import PHONE, Browser

ANSWERS = [
    "/",
    "/registration/account/phone",
    "/profile",
    "/no-such-page",
    "/sign-out",
    "/health/live",
    "/static/nothing",
]


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_answer_is_guarded(client: Browser, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


async def test_refusals_are_guarded_too(client: Browser) -> None:
    wrong = await client.post("/sign-in/phone", {"phone": "1"})
    foreign = await client.post("/sign-in/phone", {"phone": PHONE}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (wrong.status_code, foreign.status_code) == (422, 403)
    for answer in (wrong, foreign):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


async def test_pages_are_kept_by_no_cache(client: Browser) -> None:
    """One that is the same for every visitor neither: htmx puts the steps of a customer into its document."""
    for path in ("/", "/registration/account/phone"):
        for _ in range(2):
            headers = (await client.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert {"HX-Request-Type", "Cookie", "Accept-Language"} <= {
                name.strip() for name in headers["vary"].split(",")
            }
    await client.register()
    await client.sign_in()
    for path in ("/profile", "/profile/security", "/terms", "/no-such-page"):
        headers = (await client.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert "HX-Request-Type" in headers["vary"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Browser) -> None:
    cookie = (await client.post("/sign-in/phone", {"phone": PHONE})).headers["set-cookie"]
    assert cookie.startswith("kabinet=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"path=/", "httponly", "samesite=lax"}


PRODUCTION = {
    "mode": "production", "public_url": "https://kabinet.example.org", "sms": "http+kannel://u:p@127.0.0.1:1/s",
    "mail": "smtp://u:p@127.0.0.1:1", "mail_from": "a@example.org", "staff_email": "b@example.org",
    "delivery": "separate",
}  # fmt: skip


@pytest.mark.parametrize("changed", [PRODUCTION])
async def test_production_binds_cookie_and_browser_to_https(client: Browser, changed: dict[str, Any]) -> None:
    answer = await client.post("/sign-in/phone", {"phone": PHONE})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-kabinet=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"path=/", "httponly", "samesite=lax", "secure"}
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("changed", [PRODUCTION])
@pytest.mark.parametrize("path", ["/dev", "/dev/outbox", "/dev/gallery", "/dev/gallery/state?fragment=fault&number=0"])
async def test_production_has_no_development_pages(client: Browser, changed: dict[str, Any], path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("changed", [PRODUCTION])
async def test_production_shows_no_page_in_a_frame(client: Browser, changed: dict[str, Any]) -> None:
    answer = await client.get("/dev/gallery/anything")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
