"""The whole registration by account, and every step before its turn, again and after Back."""

from __future__ import annotations

from tests.browser import Browser
from tests.screen import words


async def test_a_registration_ends_in_the_profile(client: Browser) -> None:
    shown = await client.follow(await client.register())
    assert shown.request.url.path == "/profile"
    assert "ул. Липовая, д. 3, кв. 1" in words(shown)
