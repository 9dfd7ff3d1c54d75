"""One request on its way to its answer; handlers get it by dependency injection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.di import NamedDependency

from domain import sessions
from domain.scope import Scope
from domain.sessions import Session
from routes import responses, return_to
from routes.cookies import RETURN_TO, SESSION, delete_cookie, link_cookie, session_cookies
from routes.forms import F, Filled, read_form, sent_form
from routes.own_path import LINKS, address_shown, path_shown
from routes.responses import AnyRequest
from routes.templates import Templates
from settings import Settings

# Not "cookies": that would take the language along, and the cookie of a sign-in that is faster in another tab.
_CLEARED = '"cache", "storage"'
# Names of the address's query that partials/sign_in_note.html has a text for.
_NOTES = ("registered", "known", "password", "deleted")


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
        """The signed-in customer, unless they have to make a password first."""
        return self.session.customer if self.session and not self.session.password_due else None

    @property
    def customer_with_password_due(self) -> int | None:
        """A customer who came in with the password of an SMS and has none of their own yet."""
        return self.session.customer if self.session and self.session.password_due else None

    @property
    def lost(self) -> bool:
        """Whether a cookie was brought whose session is over."""
        return self.session is None and self.scope.client.token is not None

    async def read(self, model: type[F]) -> Filled[F]:
        """The sent form as `model`, or its errors."""
        countries = self.settings.sms_countries
        return await read_form(self.request, model, countries=countries, now=self.scope.now)

    def tabs(self, current: str) -> str:
        """Which tab of the sign-in is open; empty where only one track is on and there are no tabs."""
        return current if len(self.settings.tracks) > 1 else ""

    def note(self) -> str:
        """What led to the sign-in, from the address: one of partials/sign_in_note.html, or empty."""
        query = self.request.query_params
        if query.get("session") == "lost":
            return "lost"
        return next((name for name in _NOTES if name in query), "")

    def show(
        self, fragment: str, *, status: int = 200, form: Filled[Any] | None = None, **values: Any
    ) -> Response[str]:
        """The fragment `templates/partials/<fragment>.html`, alone or in the whole page."""
        path = path_shown(self.request.url.path)
        form = form or Filled(path)
        # The session's cookie is not touched here: a late answer would take back what a sign-in has brought meanwhile.
        cookies = []
        kept = return_to.read(self.scope, self.request.cookies)
        if kept is not None and status == 200 and kept.path == self.request.url.path:
            form.typed = kept.typed_by(self.customer) | {name: text for name, text in form.typed.items() if text}
            cookies.append(delete_cookie(self.settings, RETURN_TO))
        values |= {
            "layout": responses.layout_of(self.request),
            "form": form,
            "path": path,
            "back": address_shown(self.request.scope),
            "signed_in": self.customer is not None,
            # A remembered session lasts too long to be worth a note.
            "idle_until": self.session.idle_until if self.session and not self.session.remembered else None,
        }
        html = self.templates.render(f"partials/{fragment}.html", values)
        answer = responses.page_or_fragment(self.request, html, status)
        answer.cookies.extend(cookies)
        return answer

    def refuse(self, fragment: str, form: Filled[Any], **values: Any) -> Response[str]:
        """422: the same step, what was typed kept, the errors beside their fields."""
        return self.show(fragment, status=422, form=form, **values)

    def show_field(self, fragment: str, form: Filled[Any], field: str) -> Response[str]:
        """One field of a step, as its block in the fragment draws it."""
        form.takes_focus = False
        values = {"form": form, "path": form.path}
        return responses.piece(self.templates.render_block(f"partials/{fragment}.html", field, values))

    def show_piece(self, template: str, values: Mapping[str, Any], session: Session | None = None) -> Response[str]:
        """A part of a step that changes by itself; a session's new token goes into the cookie."""
        return responses.piece(self.templates.render(template, values), session_cookies(self.settings, session))

    def redirect(self, path: str, session: Session | None = None) -> Response[None]:
        """303: go on there; a session's new token goes into the cookie."""
        return responses.see_other(path, session_cookies(self.settings, session))

    def home(self) -> Response[None] | None:
        """Where to lead a signed-in customer from a page for those who are not."""
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return self.redirect("/profile") if self.customer is not None else None

    def redirect_after_sign_in(self, session: Session) -> Response[None]:
        """303 after a sign-in: where the customer was going, else the profile. Another's way back is thrown away."""
        kept = return_to.read(self.scope, self.request.cookies)
        path = kept.path_for(session) if kept is not None else "/profile"
        answer = self.redirect(self.PASSWORD_DUE if session.password_due else path, session)
        if kept is not None and kept.is_over_after(session):
            answer.cookies.append(delete_cookie(self.settings, RETURN_TO))
        return answer

    async def redirect_to_sign_in(self, back: str = "") -> Response[None]:
        """To the welcome screen, and after the sign-in `back` to here with what was typed.

        A customer who brought a dead cookie is told that the session is over.
        """
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return await self.redirect_and_return("/?session=lost" if self.lost else "/", back)

    async def redirect_and_return(self, path: str, back: str = "") -> Response[None]:
        """To `path`, while `back`, else this very address, waits with what was typed here."""
        typed = await sent_form(self.request) if self.request.method == "POST" else {}
        customer = await sessions.last_customer(self.scope)
        answer = self.redirect(path)
        answer.cookies.append(return_to.keep(self.scope, back or path_shown(self.request.url.path), typed, customer))
        return answer

    def redirect_after_sign_out(self, path: str) -> Response[None]:
        """303, and the session's cookie is taken back with whatever the browser has kept of its pages.

        So are the links opened here: the next one at this browser would read whose address they are about.
        """
        names = (SESSION, RETURN_TO, *map(link_cookie, LINKS))
        answer = responses.see_other(path, [delete_cookie(self.settings, name) for name in names])
        answer.headers["Clear-Site-Data"] = _CLEARED
        return answer


# What a handler asks for: Litestar 3 will guess no dependency by its name.
ThisPage = NamedDependency[Page]
