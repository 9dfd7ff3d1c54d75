"""The addresses of a journey's steps, and the answer to a request for a step that cannot be taken now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from litestar import Response

from domain import sessions
from domain.journey import Audience, Journey, session_refusal
from domain.refusals import PasswordNeeded, SessionExpired, WrongStep
from domain.registration import by_account
from domain.registration.progress import KnownPhone
from domain.sessions import Session
from routes.notices import Notice
from routes.page import Page

P = TypeVar("P")
CONFIRMATION = "/profile/security/confirmation"
Outcome = Session | KnownPhone | SessionExpired | WrongStep | PasswordNeeded


@dataclass(frozen=True)
class Addresses(Generic[P]):
    """`base` begins the addresses of all steps; `start` is where to lead a visitor who has done nothing yet."""

    journey: Journey[P]
    base: str
    start: str
    # Where to redirect once the journey is over, and the notice shown there.
    over: Callable[[P], str] = lambda _progress: "/profile"
    over_notice: Notice | None = None
    # The address of the first step, where it is not made of its slug.
    first: str = ""

    def path_of(self, slug: str) -> str:
        return self.first if self.first and slug == self.journey.slugs[0] else f"{self.base}/{slug}"

    def progress(self, page: Page) -> P:
        """What the customer has done of this journey so far."""
        return self.journey.progress(page.session)

    def redirect_if_signed_in(self, page: Page) -> Response[None] | None:
        """For a journey of visitors: to the profile, where somebody is signed in already."""
        return page.redirect_if_signed_in() if self.journey.audience is Audience.VISITORS else None

    async def guard(self, page: Page, slug: str) -> Response[Any] | None:
        """A redirect for a request that may not see or send this step now; None where it may."""
        if redirect := self.redirect_if_signed_in(page):
            return redirect
        if self.journey.audience is Audience.CUSTOMERS and (
            refused := session_refusal(page.scope, self.journey, slug, page.session)
        ):
            return await self.answer(page, refused, slug)
        if self.journey.may_take(self.progress(page), slug, page.scope.now):
            return None
        return await self._current(page, page.session)

    async def answer(self, page: Page, outcome: Outcome, slug: str) -> Response[Any]:
        """The answer to what a use case returned: the next step, or the one that the customer is really at."""
        match outcome:
            case Session():
                path, notice = self._next(page, outcome)
                return page.redirect(path, outcome, notice=notice)
            case KnownPhone(_, session):
                # The session remembers the number: its password is asked for next.
                return page.redirect("/sign-in/password", session, notice=Notice.PHONE_KNOWN)
            case PasswordNeeded():
                return await ask_for_password(page, self.path_of(slug))
            case SessionExpired() if self.journey.audience is Audience.CUSTOMERS:
                # After the sign-in the journey begins with its first step: the code of an ended session is void.
                first = slug == self.journey.slugs[0]
                return await page.redirect_to_sign_in("" if first else self.path_of(self.journey.slugs[0]))
            case SessionExpired():
                return await self._start_again(page)
            case WrongStep():
                # Not by what was known when this request began.
                return await self._current(page, await sessions.resume(page.scope))

    async def _current(self, page: Page, session: Session | None) -> Response[None]:
        """To the step that the customer is really at; a browser with the cookie of an ended session is told so."""
        if page.expiry_notice:
            return await self._start_again(page)
        path, notice = self._next(page, session)
        return page.redirect(path, notice=notice)

    async def _start_again(self, page: Page) -> Response[None]:
        """After the end of the session; what was typed here waits for the same number."""
        typed = page.request.method == "POST" or page.typed_before_switch()
        if typed and await by_account.phone_of_ended(page.scope):
            return await page.redirect_and_return(self.start, notice=Notice.SESSION_EXPIRED)
        return page.redirect(self.start, notice=Notice.SESSION_EXPIRED)

    def _next(self, page: Page, session: Session | None) -> tuple[str, Notice | None]:
        progress = self.journey.progress(session)
        if self.journey.is_over(progress, page.scope.now):
            return self.over(progress), self.over_notice
        if progress == self.journey.empty():
            return self.start, None
        return self.path_of(self.journey.current(progress, page.scope.now).slug), None


async def ask_for_password(page: Page, path: str) -> Response[None]:
    """To the page that asks for the password again, and from there to `path` with what was typed here."""
    confirmation = f"{CONFIRMATION}?next={quote(path)}"
    if page.request.method == "POST":
        return await page.redirect_and_return(confirmation, path)
    return page.redirect(confirmation)
