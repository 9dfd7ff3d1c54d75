"""The note before the end of a session, and the way back after it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import sessions
from routes import responses
from routes.forms import sent_form
from routes.notices import Notice
from routes.own_path import own_path, path_shown
from routes.page import ThisPage


@post("/session", name="session.go-on")
async def go_on(page: ThisPage) -> Response[Any]:
    """The note with its new time; where the session has ended meanwhile, the welcome screen."""
    if page.session is None:
        return responses.reload_instead(page.request, page.redirect("/", notice=Notice.SESSION_EXPIRED))
    idle_until = await sessions.touch(page.scope, page.session)
    if not responses.is_partial(page.request):
        return page.redirect("/", page.session)
    known = {"signed_in": page.customer is not None, "whose": page.whose}
    values = {"idle_until": idle_until, "now": page.scope.now, **known}
    return page.show_piece("partials/session.html", values, page.session)


@post("/session/ended", name="session.ended")
async def come_back(page: ThisPage) -> Response[None]:
    """«Войти» on a screen whose session has ended: to its address, `next`, which asks for the sign-in.

    What was typed on the screen (`whose`) is not kept for another customer who has used this browser since.
    """
    typed = dict(await sent_form(page.request))
    whose, (path, _, query) = typed.pop("whose", ""), typed.pop("next", "").partition("?")
    path = path_shown(page.request.scope, path or "/")
    answer = page.redirect(own_path(f"{path}?{query}", path) if query else path)
    return await page.remember(answer, path, typed) if whose == await page.whose_it_was() else answer


@get(["/session", "/session/ended"], name="session.show")
async def show(page: ThisPage) -> Response[Any]:
    """For an address that was typed or bookmarked."""
    return page.redirect("/")


handlers = [go_on, come_back, show]
