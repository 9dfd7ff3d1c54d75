"""Which address counts: the peer's, unless a trusted proxy speaks for it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar

from db.engine import run
from routes.client import client_ip
from tests.asgi import FORM, HOST, OURS, ask
from tests.browser import Browser

WRONG = {"login": "nobody", "password": "not this one"}
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        # Nobody speaks for a stranger.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # Left of the first stranger stands what that stranger has made up.
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        # A socket that listens on IPv6 shows IPv4 peers like this.
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        # The zone of a link-local address says nothing to anyone else, and may be as long as one likes.
        ("fe80::1%eth0", "", "fe80::1"),
        ("10.0.0.1", "fe80::1%" + "x" * 100, "fe80::1"),
        ("testclient", "", "0.0.0.0"),
    ],
)
def test_the_address_that_counts(peer: str, forwarded: str, ip: str) -> None:
    assert client_ip(peer, forwarded, PROXIES) == ip


async def _ips() -> list[str]:
    return [row["ip"] for row in await run("SELECT ip FROM journal ORDER BY id")]


async def test_a_forged_header_changes_nothing(client: Browser) -> None:
    await client.post("/sign-in/login", WRONG, headers={"X-Forwarded-For": "198.51.100.1"})
    assert await _ips() == ["203.0.113.7"]


@pytest.mark.parametrize("changed", [{"trusted_proxies": "10.0.0.0/8"}])
async def test_a_trusted_proxy_speaks_for_its_customers(
    another_browser: Callable[..., Browser], changed: dict[str, Any]
) -> None:
    for ip, forwarded in (("10.0.0.1", "9.9.9.9, 198.51.100.1"), ("203.0.113.7", "198.51.100.2")):
        browser = another_browser(ip)
        await browser.post("/sign-in/login", WRONG, headers={"X-Forwarded-For": forwarded})
    assert await _ips() == ["198.51.100.1", "203.0.113.7"]


async def test_an_endless_cookie_is_no_cookie(client: Browser) -> None:
    answer = await client.get("/", headers={"Cookie": "kabinet=" + "a" * 8000})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("forwarded", "ip"),
    [
        ("", "0.0.0.0"),
        ("198.51.100.1", "198.51.100.1"),
        ("9.9.9.9, 198.51.100.1", "198.51.100.1"),
        ("9.9.9.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("nonsense", "0.0.0.0"),
        ("2001:db8::5", "2001:db8::5"),
    ],
)
def test_a_proxy_on_a_unix_socket_speaks_for_its_customers(forwarded: str, ip: str) -> None:
    """It has no address of its own, and nobody from outside can play it."""
    assert client_ip("", forwarded, PROXIES) == ip


async def test_customers_behind_a_unix_socket_are_told_apart(app: Litestar) -> None:
    for ip in (b"198.51.100.1", b"198.51.100.2"):
        headers = (HOST, OURS, FORM, (b"x-forwarded-for", ip))
        body = urlencode(WRONG).encode()
        assert (await ask(app, "POST", "/sign-in/login", headers=headers, body=body, client=None)).status == 422
    assert await _ips() == ["198.51.100.1", "198.51.100.2"]
