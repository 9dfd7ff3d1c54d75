"""What could lock the owner out, or show where they are signed in. Changes ask for the password once more."""

from __future__ import annotations

from litestar import Response

from domain.sessions import Session, password_is_recent
from routes.journeys import ask_for_password
from routes.page import Page

BASE = "/profile/security"
FOLDER = "profile/security"


def owner_of(page: Page) -> Session | None:
    """The signed-in session."""
    return page.session if page.customer is not None else None


async def guard(page: Page, path: str) -> Response[None] | None:
    """Where to lead a visitor who may not change anything now: to the sign-in, or to the password once more."""
    session = owner_of(page)
    if session is None:
        return await page.redirect_to_sign_in()
    return None if password_is_recent(page.scope, session) else await ask_for_password(page, path)
