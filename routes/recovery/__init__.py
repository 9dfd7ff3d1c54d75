"""A new password for whoever has forgotten theirs: code by SMS, then the password, then the sign-in."""

from __future__ import annotations

from litestar import Response

from domain.sign_in.recovery import recovery_of
from routes.page import Page

BASE = "/recovery"
SIGN_IN = "/sign-in/password"
SIGN_IN_BY_LOGIN = "/sign-in/login"


def where(page: Page) -> str:
    """The path the customer is really at."""
    recovery = recovery_of(page.session)
    if recovery.saved:
        return f"{SIGN_IN_BY_LOGIN if recovery.login else SIGN_IN}?password=saved"
    if recovery.login and not recovery.phone:
        return f"{BASE}/phone"
    if not recovery.phone:
        return "/sign-in/phone?session=lost" if page.lost else "/sign-in/phone"
    return f"{BASE}/password" if recovery.is_confirmed(page.scope.now) else f"{BASE}/code"


def wrong_step(page: Page, slug: str) -> Response[None] | None:
    if home := page.home():
        return home
    here = where(page)
    return None if here == f"{BASE}/{slug}" else page.redirect(here)


def lost(page: Page) -> Response[None]:
    """A step was sent without the session it needs."""
    return page.redirect("/sign-in/phone?session=lost")
