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

from domain.portal import Portal
from domain.sessions import Caller, Visit
from routes.forms import F, Filled, read_form
from routes.templates import Templates

_VARY = "HX-Request-Type, HX-History-Restore-Request, Accept-Encoding"
# Names of the address's query that partials/sign_in_note.html has a text for.
_NOTES = ("registered", "known", "password", "deleted")
AnyRequest = Request[Any, Any, State]


class Page:
    """One request on its way to its answer; handlers get it by dependency injection."""

    def __init__(
        self,
        request: AnyRequest,
        portal: Portal,
        templates: Templates,
        caller: Caller,
        visit: Visit | None,
        now: datetime,
    ) -> None:
        self.request = request
        self.portal = portal
        self.caller = caller
        self.visit = visit
        self.now = now
        self._templates = templates

    @property
    def is_partial(self) -> bool:
        headers = self.request.headers
        return headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in headers

    @property
    def customer(self) -> int | None:
        """The signed-in customer."""
        return self.visit.customer if self.visit else None

    def tabs(self, current: str) -> str:
        """Which tab of the sign-in is open; empty where only one track is on and there are no tabs."""
        return current if len(self.portal.settings.tracks) > 1 else ""

    def note(self) -> str:
        """What led to the sign-in, from the address: one of partials/sign_in_note.html, or empty."""
        query = self.request.query_params
        if query.get("session") == "lost":
            return "lost"
        return next((name for name in _NOTES if name in query), "")

    async def read(self, model: type[F]) -> Filled[F]:
        """The sent form as `model`, or its errors."""
        countries = self.portal.settings.sms_countries
        return await read_form(self.request, model, countries=countries, now=self.now)

    def show(
        self, fragment: str, *, status: int = 200, form: Filled[Any] | None = None, **values: Any
    ) -> Response[str]:
        """The fragment `templates/partials/<fragment>.html`, alone or in the whole page."""
        values |= {
            "layout": "fragment.html" if self.is_partial else "page.html",
            "form": form or Filled(self.request.url.path),
            "path": self.request.url.path,
            "signed_in": self.customer is not None,
        }
        return Response(
            self._templates.render(f"partials/{fragment}.html", values),
            media_type=MediaType.HTML,
            status_code=status,
            headers=self._headers(status),
            cookies=[] if self.visit is not None or self.caller.token is None else [self._no_cookie()],
        )

    def refuse(self, fragment: str, form: Filled[Any], **values: Any) -> Response[str]:
        """422: the same step, what was typed kept, the errors beside their fields."""
        return self.show(fragment, status=422, form=form, **values)

    def show_made_up(self, fragment: str, values: Mapping[str, Any]) -> Response[str]:
        """A whole page with made-up values, for the gallery."""
        around = {"layout": "page.html", "path": "/dev/gallery", "signed_in": False}
        html = self._templates.render(f"partials/{fragment}.html", around | dict(values))
        return Response(html, media_type=MediaType.HTML, headers={"Cache-Control": "no-store"})

    def show_field(self, fragment: str, form: Filled[Any], field: str) -> Response[str]:
        """One field of a step, as its block in the fragment draws it."""
        html = self._templates.render_block(f"partials/{fragment}.html", field, {"form": form, "path": form.path})
        return self._piece(html)

    def show_piece(self, template: str, values: Mapping[str, Any]) -> Response[str]:
        """A part of a step that changes by itself."""
        return self._piece(self._templates.render(template, values))

    def _piece(self, html: str) -> Response[str]:
        headers = {"Vary": _VARY, "Cache-Control": "no-store", "HX-Push-Url": "false"}
        return Response(html, media_type=MediaType.HTML, headers=headers)

    def lead_to(self, path: str, visit: Visit | None = None) -> Response[None]:
        """303: go on there; a new visit's token goes into the cookie."""
        cookies = [self._cookie(visit.token, visit.remembered)] if visit is not None and visit.token else []
        return Response(None, status_code=303, headers={"Location": path}, cookies=cookies)

    def lead_to_sign_in(self) -> Response[None]:
        """To the welcome screen; whoever brought a dead cookie is told that the session is over."""
        return self.lead_to("/?session=lost" if self.caller.token is not None else "/")

    def lead_out(self, path: str) -> Response[None]:
        """303, and the cookie is taken back."""
        return Response(None, status_code=303, headers={"Location": path}, cookies=[self._no_cookie()])

    def _headers(self, status: int) -> Mapping[str, str]:
        headers = {"Vary": _VARY, "Cache-Control": "no-store"}
        if self.is_partial:
            # A refused step stays where it is. Otherwise the address follows the step, and a step that
            # comes again (a new code) does not pile up in the history.
            path = self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")
            if status >= 400:
                headers["HX-Push-Url"] = "false"
            else:
                headers["HX-Replace-Url" if self._comes_again() else "HX-Push-Url"] = path
        return headers

    def _comes_again(self) -> bool:
        """Whether the address that htmx comes from is that of this very step."""
        current = re.sub(r"^[^/]*//[^/]*|[?#].*", "", self.request.headers.get("hx-current-url", ""))
        return current == self.request.url.path

    def _cookie(self, token: str, remembered: bool) -> Cookie:
        settings = self.portal.settings
        return Cookie(
            key=cookie_name(settings.production),
            value=token,
            path="/",
            secure=settings.production,
            httponly=True,
            samesite="lax",
            max_age=settings.remember_lifetime if remembered else None,
        )

    def _no_cookie(self) -> Cookie:
        settings = self.portal.settings
        return Cookie(
            key=cookie_name(settings.production),
            value="",
            path="/",
            secure=settings.production,
            httponly=True,
            samesite="lax",
            max_age=0,
        )


# What a handler asks for: Litestar 3 will guess no dependency by its name.
ThisPage = NamedDependency[Page]


def cookie_name(production: bool) -> str:
    """`__Host-` binds the cookie to this very host over https (RFC 6265bis 4.1.3.2); plain http refuses it."""
    return "__Host-kabinet" if production else "kabinet"
