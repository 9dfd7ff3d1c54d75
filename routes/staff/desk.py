"""What a handler of the staff's pages gets: the request, the session of its person, and the ways to answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from domain.scope import Scope
from domain.staff import sessions
from domain.staff.people import Role
from domain.staff.sessions import StaffSession
from routes.cookies import NOTICE, STAFF, delete_cookie, make_cookie
from routes.forms import F, FilledForm
from routes.notices import Notice
from routes.own_path import address_shown, own_path
from routes.page import Page
from settings import Settings

HOME, SIGN_IN, CONFIRMATION = "/staff", "/staff/sign-in", "/staff/confirmation"


class Desk:
    """`session` also waits for its second factor; `person` is the session of one who has shown it."""

    def __init__(self, page: Page, session: StaffSession | None) -> None:
        self.page = page
        self.session = session
        page.owner = f"staff {session.staff}" if session else "staff"

    @property
    def scope(self) -> Scope:
        return self.page.scope

    @property
    def settings(self) -> Settings:
        return self.page.settings

    @property
    def person(self) -> StaffSession | None:
        return self.session if self.session and self.session.proved_at else None

    @property
    def whose(self) -> str:
        """Tells this session from those of other people and of customers, for the notes of the browser's tabs."""
        return self.scope.keyed_hash("whose staff session", str(self.session.staff)) if self.session else ""

    def guard(self, role: Role = Role.OPERATOR) -> Response[Any] | None:
        """A redirect to the sign-in; 404 for a person without this role, who need not know what there is."""
        if self.person is None:
            return self.to_sign_in()
        if role is Role.ADMIN and self.person.role is not Role.ADMIN:
            raise NotFoundException
        return None

    def guard_confirmed(self, role: Role = Role.OPERATOR, path: str = "") -> Response[Any] | None:
        """The same before a change of who can get in: the second factor is asked for again, and then `path`."""
        if redirect := self.guard(role):
            return redirect
        assert self.person is not None
        if sessions.is_confirmed(self.scope, self.person):
            return None
        return self.redirect(f"{CONFIRMATION}?next={quote(path or address_shown(self.page.request.scope))}")

    def to_sign_in(self) -> Response[Any]:
        """To the sign-in, and from there back to this page."""
        back = address_shown(self.page.request.scope) if self.page.request.method == "GET" else HOME
        notice = Notice.SESSION_EXPIRED if self.session is None and self.scope.client.token is not None else None
        return self.redirect(SIGN_IN if back == HOME else f"{SIGN_IN}?next={quote(back)}", notice=notice)

    async def read(self, model: type[F]) -> FilledForm[F]:
        return await self.page.read(model)

    def show(self, fragment: str, *, status: int = 200, form: FilledForm[Any] | None = None, **values: Any) -> Any:
        """`templates/partials/staff/<fragment>.html`, in the page of the staff."""
        idle_until = self.person.idle_until if self.person else None
        return self.page.show(
            f"staff/{fragment}",
            status=status,
            form=form,
            desk=self._shown(),
            idle_until=idle_until,
            whose=self.whose,
            **values,
        )

    def show_note(self, idle_until: Any) -> Response[str]:
        values = {"idle_until": idle_until, "now": self.scope.now, "whose": self.whose, "desk": self._shown()}
        return self.page.show_piece("partials/session.html", values)

    def redirect(
        self, path: str, session: StaffSession | None = None, *, notice: Notice | None = None
    ) -> Response[None]:
        """303; a session's new token goes into the cookie, which ends with the browser."""
        if session is not None:
            self.page.owner = f"staff {session.staff}"
        answer = self.page.redirect(path, notice=notice)
        if session is not None and session.token:
            answer.cookies.append(make_cookie(self.settings, STAFF, session.token, None))
        return answer

    def redirect_after_sign_out(self) -> Response[None]:
        answer = self.page.redirect(SIGN_IN)
        answer.cookies += [delete_cookie(self.settings, name) for name in (STAFF, NOTICE)]
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    def _shown(self) -> dict[str, Any]:
        """What the masthead needs."""
        return {
            "email": self.person.email if self.person else "",
            "admin": self.person is not None and self.person.role is Role.ADMIN,
        }


def inside(path: str) -> str:
    """`path` where it is a page of the staff's, else their first one."""
    below = path == HOME or path.startswith((f"{HOME}/", f"{HOME}?"))
    return own_path(path, HOME) if below and not path.startswith((SIGN_IN, CONFIRMATION)) else HOME


# The type of a handler's parameter.
ThisDesk = NamedDependency[Desk]
