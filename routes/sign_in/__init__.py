"""Sign-in: two tabs where both tracks are on."""

from __future__ import annotations

from domain.sign_in.by_password import SIGN_IN
from routes.journeys import Addresses
from routes.page import Page

ADDRESSES = Addresses(SIGN_IN, "/sign-in", "/sign-in/phone")


def tabs(page: Page, current: str) -> str:
    """Which tab is open; empty where only one track is on and there are no tabs."""
    return current if len(page.settings.tracks) > 1 else ""
