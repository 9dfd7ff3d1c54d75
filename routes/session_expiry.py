"""«Продолжить»: a real request that moves the idle end of the session."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import sessions
from routes import responses
from routes.notices import Notice
from routes.page import ThisPage


@post("/session", name="session.go-on")
async def go_on(page: ThisPage) -> Response[Any]:
    """The note with its new time; where the session has ended meanwhile, the welcome screen."""
    if page.session is None:
        return responses.reload_instead(page.request, page.redirect("/", notice=Notice.SESSION_EXPIRED))
    idle_until = await sessions.touch(page.scope, page.session)
    if not responses.is_partial(page.request):
        return page.redirect("/", page.session)
    return page.show_piece("partials/session.html", {"idle_until": idle_until}, page.session)


@get("/session", name="session.show")
async def show(page: ThisPage) -> Response[Any]:
    """For an address that was typed or bookmarked."""
    return page.redirect("/")


handlers = [go_on, show]
