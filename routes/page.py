"""How every answer is made: whole page or fragment, 303, 422. The only file that knows htmx.

A fragment goes out only to `HX-Request-Type: partial`: Back asks again for the whole page
(`HX-History-Restore-Request`), and so does everyone without JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency

from domain import sessions
from domain.scope import Scope
from domain.sessions import Session
from routes.catalogue import current
from routes.cookies import cookie_name, make_cookie, name_of_link
from routes.forms import F, Filled, read_form, sent_form
from routes.own_path import LINKS, address_shown, own_path, path_shown
from routes.return_to import LIFETIME, ReturnTo, seal, unseal
from routes.templates import Templates
from settings import Settings

_VARY = "HX-Request-Type, HX-History-Restore-Request, Accept-Encoding"
# Names of the address's query that partials/sign_in_note.html has a text for.
_NOTES = ("registered", "known", "password", "deleted")
# Not "cookies": that would take the language along, and the cookie of a sign-in that is faster in another tab.
_CLEARED = '"cache", "storage"'
_SESSION, _RETURN_TO, _DEVICE = "kabinet", "going", "kabinet-device"
AnyRequest = Request[Any, Any, State]


class Page:
    """One request on its way to its answer; handlers get it by dependency injection."""

    PASSWORD_DUE = "/registration/card/password"  # noqa: S105 - an address

    def __init__(
        self,
        request: AnyRequest,
        scope: Scope,
        templates: Templates,
        session: Session | None,
    ) -> None:
        self.request = request
        self.scope = scope
        self.session = session
        self._templates = templates

    @property
    def settings(self) -> Settings:
        return self.scope.settings

    @property
    def is_partial(self) -> bool:
        headers = self.request.headers
        return headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in headers

    @property
    def customer(self) -> int | None:
        """The signed-in customer, unless they have to make a password first."""
        return self.session.customer if self.session and not self.session.password_due else None

    @property
    def customer_with_password_due(self) -> int | None:
        """Whoever came in with the password of an SMS and has none of their own yet."""
        return self.session.customer if self.session and self.session.password_due else None

    def home(self) -> Response[None] | None:
        """Where to lead whoever is signed in from a page for those who are not."""
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return self.redirect("/profile") if self.customer is not None else None

    @property
    def lost(self) -> bool:
        """Whether a cookie was brought whose session is over."""
        return self.session is None and self.scope.client.token is not None

    def tabs(self, current: str) -> str:
        """Which tab of the sign-in is open; empty where only one track is on and there are no tabs."""
        return current if len(self.settings.tracks) > 1 else ""

    def note(self) -> str:
        """What led to the sign-in, from the address: one of partials/sign_in_note.html, or empty."""
        query = self.request.query_params
        if query.get("session") == "lost":
            return "lost"
        return next((name for name in _NOTES if name in query), "")

    async def read(self, model: type[F]) -> Filled[F]:
        """The sent form as `model`, or its errors."""
        countries = self.settings.sms_countries
        return await read_form(self.request, model, countries=countries, now=self.scope.now)

    def show(
        self, fragment: str, *, status: int = 200, form: Filled[Any] | None = None, **values: Any
    ) -> Response[str]:
        """The fragment `templates/partials/<fragment>.html`, alone or in the whole page."""
        values |= {
            "layout": "fragment.html" if self.is_partial else "page.html",
            "form": form or Filled(path_shown(self.request.url.path)),
            "path": path_shown(self.request.url.path),
            "back": self._address,
            "signed_in": self.customer is not None,
            "idle_until": self._idle_until(),
        }
        # The session's cookie is not touched here: a late answer would take back what a sign-in has brought meanwhile.
        cookies = []
        return_to = self.going
        if return_to is not None and status == 200 and return_to.path == self.request.url.path:
            if return_to.is_for(self.customer):
                values["form"].typed = return_to.typed | {n: text for n, text in values["form"].typed.items() if text}
            cookies.append(self._no_cookie(_RETURN_TO))
        return Response(
            self._templates.render(f"partials/{fragment}.html", values),
            media_type=MediaType.HTML,
            status_code=status,
            headers=self._headers(status),
            cookies=cookies,
        )

    def refuse(self, fragment: str, form: Filled[Any], **values: Any) -> Response[str]:
        """422: the same step, what was typed kept, the errors beside their fields."""
        return self.show(fragment, status=422, form=form, **values)

    def show_made_up(self, fragment: str, values: Mapping[str, Any]) -> Response[str]:
        """A whole page with made-up values, for the gallery."""
        gallery = "/dev/gallery"
        around = {"layout": "page.html", "path": gallery, "back": gallery, "signed_in": False, "idle_until": None}
        html = self._templates.render(f"partials/{fragment}.html", around | dict(values))
        return Response(
            html, media_type=MediaType.HTML, headers={"Cache-Control": "no-store", "Content-Language": current()}
        )

    def show_field(self, fragment: str, form: Filled[Any], field: str) -> Response[str]:
        """One field of a step, as its block in the fragment draws it."""
        form.takes_focus = False
        html = self._templates.render_block(f"partials/{fragment}.html", field, {"form": form, "path": form.path})
        return self._piece(html)

    def show_piece(self, template: str, values: Mapping[str, Any], session: Session | None = None) -> Response[str]:
        """A part of a step that changes by itself; a session's new token goes into the cookie."""
        piece = self._piece(self._templates.render(template, values))
        piece.cookies.extend(self._cookies_of(session))
        return piece

    def _piece(self, html: str) -> Response[str]:
        headers = {"Vary": _VARY, "Cache-Control": "no-store", "HX-Push-Url": "false"}
        return Response(html, media_type=MediaType.HTML, status_code=200, headers=headers)

    def redirect(self, path: str, session: Session | None = None) -> Response[None]:
        """303: go on there; a session's new token goes into the cookie."""
        return Response(None, status_code=303, headers={"Location": path}, cookies=self._cookies_of(session))

    def redirect_after_sign_in(self, session: Session) -> Response[None]:
        """303 after a sign-in: where the customer was going, else the profile. Another's way back is thrown away."""
        return_to = self.going
        theirs = return_to is not None and return_to.is_for(session.customer)
        path = own_path(return_to.path, "/profile") if return_to is not None and theirs else "/profile"
        answer = self.redirect(self.PASSWORD_DUE if session.password_due else path, session)
        if return_to is not None and not (theirs and (return_to.typed or session.password_due)):
            answer.cookies.append(self._no_cookie(_RETURN_TO))
        return answer

    async def redirect_to_sign_in(self, back: str = "") -> Response[None]:
        """To the welcome screen, and after the sign-in `back` to here with what was typed.

        Whoever brought a dead cookie is told that the session is over.
        """
        if self.customer_with_password_due is not None:
            return self.redirect(self.PASSWORD_DUE)
        return await self.redirect_and_return("/?session=lost" if self.lost else "/", back)

    async def redirect_and_return(self, path: str, back: str = "") -> Response[None]:
        """To `path`, while `back`, else this very address, waits with what was typed here."""
        typed = await sent_form(self.request) if self.request.method == "POST" else {}
        customer = await sessions.last_customer(self.scope)
        return_to = seal(self.scope, back or path_shown(self.request.url.path), typed, customer)
        answer = self.redirect(path)
        answer.cookies.append(self._cookie(_RETURN_TO, return_to, int(LIFETIME.total_seconds())))
        return answer

    def reload_at(self, path: str) -> Response[None]:
        """Where a part of a page has to become another page: the whole of it is loaded anew."""
        if self.is_partial:
            return Response(None, status_code=200, headers={"HX-Redirect": path}, media_type=MediaType.TEXT)
        return self.redirect(path)

    def redirect_after_sign_out(self, path: str) -> Response[None]:
        """303, and the session's cookie is taken back with whatever the browser has kept of its pages.

        So are the links opened here: the next one at this browser would read whose address they are about.
        """
        headers = {"Location": path, "Clear-Site-Data": _CLEARED}
        names = (_SESSION, _RETURN_TO, *map(name_of_link, LINKS))
        return Response(None, status_code=303, headers=headers, cookies=[self._no_cookie(name) for name in names])

    @property
    def going(self) -> ReturnTo | None:
        """Where the customer was going when the session ended."""
        name = cookie_name(_RETURN_TO, self.settings.production)
        return unseal(self.scope, self.request.cookies.get(name))

    def _idle_until(self) -> datetime | None:
        """When the session ends by itself, where that is soon enough to be worth a note."""
        if self.session is None or self.session.remembered:
            return None
        return self.session.idle_until

    def _headers(self, status: int) -> Mapping[str, str]:
        headers = {"Vary": _VARY, "Cache-Control": "no-store"}
        if self.is_partial:
            # A refused step stays where it is. Otherwise the address follows the step, and a step that
            # comes again (a new code) does not pile up in the history.
            if status >= 400:
                headers["HX-Push-Url"] = "false"
            else:
                headers["HX-Replace-Url" if self._comes_again() else "HX-Push-Url"] = self._address
        return headers

    @property
    def _address(self) -> str:
        """Path and query, as they may be repeated."""
        return address_shown(self.request.scope)

    def _comes_again(self) -> bool:
        """Whether the address that htmx comes from is that of this very step."""
        current = re.sub(r"^[^/]*//[^/]*|[?#].*", "", self.request.headers.get("hx-current-url", ""))
        return current == self.request.url.path

    def _cookies_of(self, session: Session | None) -> list[Cookie]:
        if session is None or not session.token:
            return []
        lifetime = self.settings.remember_lifetime if session.remembered else None
        cookies = [self._cookie(_SESSION, session.token, lifetime)]
        if session.device:
            cookies.append(self._cookie(_DEVICE, session.device, self.settings.device_lifetime))
        return cookies

    def _cookie(self, name: str, value: str, max_age: int | None) -> Cookie:
        return make_cookie(self.settings, name, value, max_age)

    def cookie(self, name: str, value: str, max_age: int) -> Cookie:
        """A cookie of ours, with what protects it."""
        return self._cookie(name, value, max_age)

    def cookie_value(self, name: str) -> str:
        return self.request.cookies.get(cookie_name(name, self.settings.production), "")

    def _no_cookie(self, name: str) -> Cookie:
        return self._cookie(name, "", 0)


# What a handler asks for: Litestar 3 will guess no dependency by its name.
ThisPage = NamedDependency[Page]
