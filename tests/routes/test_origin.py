"""A POST must come from our own pages; who may not sees the refusal in the portal's look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from litestar.datastructures import Headers

from routes.origin import is_same_origin
from tests.browser import PHONE, Browser
from tests.screen import is_page, words

OWN = "https://kabinet.example.org"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": OWN},
        # Behind a proxy, or on a laptop: the host that the request names itself.
        {"origin": "http://192.168.1.5:8000", "host": "192.168.1.5:8000"},
    ],
)
def test_our_own_pages_may_send(headers: dict[str, str]) -> None:
    assert is_same_origin(Headers(headers), OWN)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "kabinet.example.org"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        # What a newer browser says of the site outweighs the origin.
        {"sec-fetch-site": "cross-site", "origin": OWN},
        {"origin": "https://evil.example", "host": "kabinet.example.org"},
        {"origin": f"{OWN}.evil.example", "host": "kabinet.example.org"},
        {"origin": "https://kabinet.example.org:444", "host": "kabinet.example.org"},
        # A sandboxed frame, and a request without a host.
        {"origin": "null", "host": "kabinet.example.org"},
        {"origin": "null", "host": ""},
        {"origin": "", "host": ""},
        {"origin": "http://[", "host": "kabinet.example.org"},
    ],
)
def test_other_pages_may_not(headers: dict[str, str]) -> None:
    assert not is_same_origin(Headers(headers), OWN)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "", "Origin": "http://["}])
async def test_a_foreign_post_is_refused_in_the_look_and_does_nothing(client: Browser, headers: dict[str, str]) -> None:
    answer = await client.post("/sign-in/phone", {"phone": PHONE}, headers=headers)
    assert answer.status_code == 403
    assert is_page(answer)
    assert "Запрос отклонен" in words(answer)
    assert client.cookie is None


async def test_a_foreign_page_may_link_to_us(client: Browser) -> None:
    assert (await client.get("/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200


async def test_a_foreign_post_does_not_sign_out(client: Browser) -> None:
    await client.register()
    assert (await client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await client.get("/profile")).status_code == 200


async def test_no_post_is_left_unguarded(client: Browser, another_browser: Callable[..., Browser]) -> None:
    """Also those that a later piece adds: the guard stands before the routes."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await client.http.request(method, "/no-such-page", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code in {403, 404}, method
