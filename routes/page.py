"""What a handler gets by dependency injection: the request, its scope and session, and the ways to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.di import NamedDependency

from domain import sessions
from domain.scope import Scope
from domain.sessions import Session
from routes import notices, responses, return_to
from routes.cookies import NOTICE, RETURN_TO, SESSION, delete_cookie, link_cookie, session_cookies
from routes.forms import F, FilledForm, read_form, sent_form
from routes.notices import Notice
from routes.own_path import address_shown, links_of, path_shown
from routes.responses import AnyRequest
from routes.return_to import ReturnTo
from routes.templates import Templates
from settings import Settings

# Not "cookies": that would also delete the language, and the cookie of a sign-in that another tab has just made.
_CLEARED = '"cache", "storage"'


class Page:
    PASSWORD_DUE = "/registration/card/password"  # noqa: S105 - an address

    def __init__(self, request: AnyRequest, scope: Scope, templates: Templates, session: Session | None) -> None:
        self.request = request
        self.scope = scope
        self.templates = templates
        self.session = session

    @property
    def settings(self) -> Settings:
        return self.scope.settings

    @property
    def customer(self) -> int | None:
        """The signed-in customer; None for one who has to set a password of their own first."""
        return self.session.customer if self.session and not self.session.password_due else None

    @property
    def customer_with_password_due(self) -> int | None:
        """The customer who signed in with the password of an SMS and has none of their own yet."""
        return self.session.customer if self.session and self.session.password_due else None

    @property
    def expiry_notice(self) -> Notice | None:
        """For a browser that sent the cookie of a session that has ended."""
        return Notice.SESSION_EXPIRED if self.session is None and self.scope.client.token is not None else None

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
        arrived = self.request.method == "GET" and status == 200
        kept, notice = self._kept_for_this_address() if arrived else (None, None)
        if kept is not None:
            # Newer than what the form is filled with.
            form.typed |= kept.typed_by(self.customer)
        values |= {
            "layout": responses.layout_of(self.request),
            "form": form,
            "notice": notice or "",
            "path": path,
            "back": address_shown(self.request.scope),
            "signed_in": self.customer is not None,
            "tracks": self.settings.tracks,
            # A remembered session lasts too long to be worth a note.
            "idle_until": self.session.idle_until if self.session and not self.session.remembered else None,
        }
        html = self.templates.render(f"partials/{fragment}.html", values)
        # The session's cookie is not touched here: a late answer would undo a sign-in made meanwhile.
        used = [name for name, value in ((RETURN_TO, kept), (NOTICE, notice)) if value is not None]
        answer = responses.page_or_fragment(self.request, html, status)
        answer.cookies.extend(delete_cookie(self.settings, name) for name in used)
        return answer

    def _kept_for_this_address(self) -> tuple[ReturnTo | None, Notice | None]:
        """The sealed cookies that are meant for the page at this address."""
        path, cookies = self.request.url.path, self.request.cookies
        kept = return_to.read(self.scope, cookies)
        notice = notices.read(self.scope, cookies, path, self.session.customer if self.session else None)
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
            session = session or self.session
            answer.cookies.append(notices.keep(self.scope, notice, path, session.customer if session else None))
        return answer

    def redirect_if_signed_in(self) -> Response[None] | None:
        """To the profile, from a page that is for visitors only; None for a visitor."""
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return self.redirect("/profile") if self.customer is not None else None

    def redirect_after_sign_in(self, session: Session) -> Response[None]:
        """303 to where this customer was going, else to the profile. Where another customer was going is forgotten."""
        kept = return_to.read(self.scope, self.request.cookies)
        path = kept.path_for(session) if kept is not None else "/profile"
        answer = self.redirect(self.PASSWORD_DUE if session.password_due else path, session)
        if kept is not None and kept.is_used_up_by(session):
            answer.cookies.append(delete_cookie(self.settings, RETURN_TO))
        return answer

    async def redirect_to_sign_in(self, back: str = "") -> Response[None]:
        """To the welcome screen; after the sign-in to `back`, else to this address, with what was typed here.

        A browser with the cookie of an ended session is told so.
        """
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return await self.redirect_and_return("/", back, notice=self.expiry_notice)

    async def redirect_and_return(self, path: str, back: str = "", *, notice: Notice | None = None) -> Response[None]:
        """To `path`; a cookie remembers `back`, else this address, with what was typed here."""
        typed = await sent_form(self.request) if self.request.method == "POST" else {}
        customer = await sessions.last_customer(self.scope)
        answer = self.redirect(path, notice=notice)
        answer.cookies.append(return_to.keep(self.scope, back or path_shown(self.request.scope), typed, customer))
        return answer

    def redirect_after_sign_out(self, path: str, *, notice: Notice | None = None) -> Response[None]:
        """303 that deletes the session's cookie and what the browser has cached and stored of its pages.

        The cookies of opened links are deleted too: the next person at this browser would read whose address they name.
        """
        names = (SESSION, RETURN_TO, NOTICE, *map(link_cookie, links_of(self.request.scope)))
        cookies = {name: delete_cookie(self.settings, name) for name in names}
        if notice is not None:
            cookies[NOTICE] = notices.keep(self.scope, notice, path, None)
        answer = responses.see_other(path, list(cookies.values()))
        answer.headers["Clear-Site-Data"] = _CLEARED
        return answer


# The type of a handler's parameter: Litestar 3 will not find a dependency by its name alone.
ThisPage = NamedDependency[Page]
