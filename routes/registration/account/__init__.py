"""Registration by account. STEPS is the only list of the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response

from domain.registration import Registration, registration_of
from routes.page import Page

BASE = "/registration/account"
FOLDER = "registration/account"


@dataclass(frozen=True)
class Step:
    """A slug, and whether a registration is past it."""

    slug: str
    is_done: Callable[[Registration], bool]


STEPS = (
    Step("phone", lambda known: bool(known.phone)),
    Step("code", lambda known: known.phone_confirmed),
    Step("bill", lambda known: bool(known.account)),
    Step("address", lambda known: known.address_confirmed),
    Step("person", lambda known: known.person_given),
    Step("password", lambda known: bool(known.customer)),
)
SLUGS = tuple(step.slug for step in STEPS)


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


def out_of_turn(page: Page, slug: str) -> Response[None] | None:
    """Where to lead whoever asks for `slug` before its turn; earlier steps may be looked at again.

    The code is the exception: once confirmed there is nothing to type.
    """
    if page.customer is not None:
        return page.lead_to("/profile")
    known = registration_of(page.visit)
    here = where(known)
    if here not in map(path_of, SLUGS):
        return page.lead_to(here)
    asked = SLUGS.index(slug)
    if asked > SLUGS.index(here.rsplit("/", 1)[1]) or (slug == "code" and known.phone_confirmed):
        return lead_on(page, known)
    return None


def lead_on(page: Page, known: Registration) -> Response[None]:
    """To the step the customer is really at; whoever brought a dead cookie is told that the session is over."""
    lost = page.visit is None and page.caller.token is not None
    return page.lead_to(path_of("phone") + "?session=lost" if lost else where(known))


def lost(page: Page) -> Response[None]:
    """A step was sent without the session it needs."""
    # The cookie is not taken back here: an answer on its way may have brought a new one.
    return page.lead_to(path_of("phone") + "?session=lost")
