"""What a handler gets by dependency injection: the request, its scope and session, and the ways to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.di import NamedDependency

from domain import sessions
from domain.registration import by_account
from domain.registration.progress import REGISTRATION
from domain.scope import Scope
from domain.sessions import Session
from routes import notices, responses, return_to
from routes.cookies import NOTICE, RETURN_TO, SESSION, TYPED, delete_cookie, link_cookie, session_cookies
from routes.forms import F, FilledForm, read_form, sent_form
from routes.host import sees_development
from routes.markup_slips import with_slips
from routes.notices import Notice
from routes.own_path import address_shown, links_of, path_shown
from routes.responses import AnyRequest
from routes.return_to import ReturnTo
from routes.templates import Templates
from routes.usage import count_errors
from settings import Settings

# Not "cookies": that would also delete the language, and the cookie of a sign-in that another tab has just made.
_CLEARED = '"cache", "storage"'


class Page:
    PASSWORD_DUE = "/registration/card/password"  # noqa: S105 - an address
    CONSENT_DUE = "/sign-in/consent"

    def __init__(self, request: AnyRequest, scope: Scope, templates: Templates, session: Session | None) -> None:
        self.request = request
        self.scope = scope
        self.templates = templates
        self.session = session
        # Whose notices are shown here.
        self.owner: int | str | None = session.customer if session else None

    @property
    def settings(self) -> Settings:
        return self.scope.settings

    @property
    def customer(self) -> int | None:
        """The signed-in customer; None for one who has to set a password of their own or to consent first."""
        return self.session.customer if self.session and not self.session.something_due else None

    @property
    def customer_with_password_due(self) -> int | None:
        """The customer who signed in with the password of an SMS and has none of their own yet."""
        return self.session.customer if self.session and self.session.password_due else None

    @property
    def customer_with_consent_due(self) -> int | None:
        """The customer who signed in and has consented to an earlier text only."""
        due = self.session is not None and self.session.consent_due and not self.session.password_due
        return self.session.customer if self.session and due else None

    @property
    def _due(self) -> str:
        """The page that comes before the profile for this customer; empty where there is none."""
        return self._due_in(self.session) if self.session else ""

    def _due_in(self, session: Session) -> str:
        if session.customer is None or not session.something_due:
            return ""
        return self.PASSWORD_DUE if session.password_due else self.CONSENT_DUE

    @property
    def confirmed_phone(self) -> str:
        """The number that a registration has confirmed; empty where there is none."""
        progress = REGISTRATION.progress(self.session)
        return progress.number if progress.code else ""

    @property
    def whose(self) -> str:
        """Tells the sessions of two customers apart, on a page and in its script."""
        return self._mark(self.session.customer, self.confirmed_phone) if self.session else ""

    async def whose_it_was(self) -> str:
        """`whose` also of a session that has ended, as long as its row is kept."""
        phone = self.confirmed_phone or await by_account.phone_of_ended(self.scope)
        return self._mark(await sessions.last_customer(self.scope), phone)

    def _mark(self, customer: int | None, phone: str) -> str:
        return self.scope.keyed_hash("whose session", f"{customer}\0{phone}")

    @property
    def expiry_notice(self) -> Notice | None:
        """For a browser that sent the cookie of a session that has ended."""
        return Notice.SESSION_EXPIRED if self.session is None and self.scope.client.token is not None else None

    @property
    def notice(self) -> Notice | None:
        """What the customer is told here, once."""
        return self._kept_for_this_address()[1] if self.request.method == "GET" else None

    async def read(self, model: type[F]) -> FilledForm[F]:
        """The sent form as `model`, or its errors."""
        settings = self.settings
        return await read_form(
            self.request,
            model,
            countries=settings.sms_countries,
            now=self.scope.now,
            code_digits=settings.code_digits,
        )

    def show(
        self, fragment: str, *, status: int = 200, form: FilledForm[Any] | None = None, **values: Any
    ) -> Response[str]:
        """The fragment `templates/partials/<fragment>.html`, alone or in the whole page."""
        path = path_shown(self.request.scope)
        form = form or FilledForm(path)
        if status == 422:
            count_errors(self.scope.portal, self.request.route_handler.name, form.errors)
        arrived = self.request.method == "GET" and status == 200
        kept, notice = self._kept_for_this_address() if arrived else (None, None)
        switched = self.typed_before_switch() if arrived else None
        if kept is not None:
            # Newer than what the form is filled with.
            form.typed |= kept.typed_by(self.customer, self.confirmed_phone)
        if switched is not None:
            form.typed |= switched
            form.pressed = "language-button"
        values = {
            "layout": responses.layout_of(self.request),
            "form": form,
            "now": self.scope.now,
            "notice": notice or "",
            "path": path,
            "back": address_shown(self.request.scope),
            "signed_in": self.customer is not None,
            "tracks": self.settings.tracks,
            # A remembered session lasts too long to be worth a note.
            "idle_until": self.session.idle_until if self.session and not self.session.remembered else None,
            "whose": self.whose,
        } | values
        template = f"partials/{fragment}.html"
        html = self.checked(template, self.templates.render(template, values), values)
        # The session's cookie is not touched here: a late answer would undo a sign-in made meanwhile.
        used = [name for name, value in ((RETURN_TO, kept), (NOTICE, notice), (TYPED, switched)) if value is not None]
        answer = responses.page_or_fragment(self.request, html, status)
        answer.cookies.extend(delete_cookie(self.settings, name) for name in used)
        return answer

    def checked(self, template: str, html: str, values: Mapping[str, Any]) -> str:
        """The page, for a designer's browser with what is wrong in its tags. It costs a millisecond: nobody else's."""
        if "sec-fetch-dest" not in self.request.headers or not sees_development(self.request.scope, self.settings):
            return html
        slips = self.templates.markup_slips(html, template, values)
        return with_slips(html, slips)

    def typed_before_switch(self) -> dict[str, str] | None:
        """What was typed at this address before the language was switched."""
        return return_to.read_typed(self.scope, self.request.cookies, self.request.url.path, self.whose)

    def _kept_for_this_address(self) -> tuple[ReturnTo | None, Notice | None]:
        """The sealed cookies that are meant for the page at this address."""
        path, cookies = self.request.url.path, self.request.cookies
        kept = return_to.read(self.scope, cookies)
        notice = notices.read(self.scope, cookies, path, self.owner)
        return (kept if kept is not None and kept.path == path else None), notice

    def refuse(self, fragment: str, form: FilledForm[Any], **values: Any) -> Response[str]:
        """422: the same step, what was typed kept, the errors beside their fields."""
        return self.show(fragment, status=422, form=form, **values)

    def show_field(self, fragment: str, form: FilledForm[Any], field: str) -> Response[str]:
        """One field of a step, as its block in the fragment draws it."""
        form.takes_focus = False
        values = {"form": form, "path": form.path}
        return responses.piece(self.templates.render_block(f"partials/{fragment}.html", field, values))

    def show_piece(self, template: str, values: Mapping[str, Any], session: Session | None = None) -> Response[str]:
        """A part of a step that changes by itself; a session's new token goes into the cookie."""
        return responses.piece(self.templates.render(template, values), session_cookies(self.settings, session))

    def redirect(self, path: str, session: Session | None = None, *, notice: Notice | None = None) -> Response[None]:
        """303 to `path`, which shows `notice`; a session's new token goes into the cookie."""
        answer = responses.see_other(path, session_cookies(self.settings, session))
        if notice is not None:
            answer.cookies.append(notices.keep(self.scope, notice, path, session.customer if session else self.owner))
        return answer

    def redirect_if_signed_in(self) -> Response[None] | None:
        """To the profile, from a page that is for visitors only; None for a visitor."""
        if self._due:
            return self.redirect(self._due)
        return self.redirect("/profile") if self.customer is not None else None

    def redirect_after_sign_in(self, session: Session) -> Response[None]:
        """303 to where this customer was going, else to the profile. Where another customer was going is forgotten."""
        kept = return_to.read(self.scope, self.request.cookies)
        path = kept.path_for(session) if kept is not None else "/profile"
        answer = self.redirect(self._due_in(session) or path, session)
        if kept is not None and kept.is_used_up_by(session):
            answer.cookies.append(delete_cookie(self.settings, RETURN_TO))
        return answer

    async def redirect_to_sign_in(self, back: str = "") -> Response[None]:
        """To the welcome screen; after the sign-in to `back`, else to this address, with what was typed here.

        A browser with the cookie of an ended session is told so.
        """
        if self._due:
            return self.redirect(self._due)
        return await self.redirect_and_return("/", back, notice=self.expiry_notice)

    async def redirect_and_return(self, path: str, back: str = "", *, notice: Notice | None = None) -> Response[None]:
        """To `path`; a cookie remembers `back`, else this address, with what was typed here."""
        # The session may also have ended while the language was switched.
        typed = await sent_form(self.request) if self.request.method == "POST" else self.typed_before_switch() or {}
        return await self.remember(self.redirect(path, notice=notice), back or path_shown(self.request.scope), typed)

    async def remember(self, answer: Response[None], back: str, typed: Mapping[str, str]) -> Response[None]:
        """`answer` with the cookie that remembers the way `back`, and what was typed there in the ended session.

        A cookie for the same address stays: it holds what was typed before this request, which brings nothing.
        """
        customer = await sessions.last_customer(self.scope)
        kept = return_to.read(self.scope, self.request.cookies)
        if typed or kept is None or (kept.path, kept.customer) != (back, customer):
            phone = await by_account.phone_of_ended(self.scope)
            answer.cookies.append(return_to.keep(self.scope, back, typed, customer, phone))
        return answer

    def redirect_after_sign_out(self, path: str, *, notice: Notice | None = None) -> Response[None]:
        """303 that deletes the session's cookie and what the browser has cached and stored of its pages.

        The cookies of opened links are deleted too: the next person at this browser would read whose address they name.
        """
        names = (SESSION, RETURN_TO, NOTICE, TYPED, *map(link_cookie, links_of(self.request.scope)))
        cookies = {name: delete_cookie(self.settings, name) for name in names}
        if notice is not None:
            cookies[NOTICE] = notices.keep(self.scope, notice, path, None)
        answer = responses.see_other(path, list(cookies.values()))
        answer.headers["Clear-Site-Data"] = _CLEARED
        return answer


# The type of a handler's parameter: Litestar 3 will not find a dependency by its name alone.
ThisPage = NamedDependency[Page]
