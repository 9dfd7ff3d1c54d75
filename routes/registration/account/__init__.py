"""Registration by account. The order of the steps is in domain/registration/progress.py."""

from __future__ import annotations

from litestar import Response

from domain.registration.progress import SLUGS, STEPS, Registration, registration_of
from routes.page import Page

BASE = "/registration/account"
FOLDER = "registration/account"


def path_of(slug: str) -> str:
    return f"{BASE}/{slug}"


def where(known: Registration) -> str:
    """The path the customer is really at."""
    if known.customer:
        # Registered, and the answer that signed them in was lost.
        return "/sign-in/phone?registered=yes"
    return path_of(next(step.slug for step in STEPS if not step.is_done(known)))


def place(slug: str) -> tuple[int, int]:
    """Which step of how many."""
    return SLUGS.index(slug) + 1, len(SLUGS)


def wrong_step(page: Page, slug: str) -> Response[None] | None:
    """Where to lead whoever asks for `slug` before its turn; earlier steps may be looked at again.

    The code is the exception: once confirmed there is nothing to type.
    """
    if home := page.home():
        return home
    known = registration_of(page.session)
    here = where(known)
    if here not in map(path_of, SLUGS):
        return page.redirect(here)
    asked = SLUGS.index(slug)
    if asked > SLUGS.index(here.rsplit("/", 1)[1]) or (slug == "code" and known.phone_confirmed):
        return redirect_to_current_step(page, known)
    return None


def redirect_to_current_step(page: Page, known: Registration) -> Response[None]:
    """To the step the customer is really at; whoever brought a dead cookie is told that the session is over."""
    return page.redirect(path_of("phone") + "?session=lost" if page.lost else where(known))


def lost(page: Page) -> Response[None]:
    """A step was sent without the session it needs."""
    return page.redirect(path_of("phone") + "?session=lost")
