"""The settings that decide who can sign in, and the list of devices. Changes need a recently typed password."""

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
    """A redirect to the sign-in, or to the page that asks for the password again; None where changes are allowed."""
    session = owner_of(page)
    if session is None:
        return await page.redirect_to_sign_in()
    return None if password_is_recent(page.scope, session) else await ask_for_password(page, path)
