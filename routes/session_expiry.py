"""«Продолжить»: a real request that moves the idle end of the session."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import sessions
from routes.page import ThisPage


@post("/session", name="session.go-on")
async def go_on(page: ThisPage) -> Response[Any]:
    """The note with its new time; whose session is over meanwhile starts at the welcome screen."""
    if page.session is None:
        return page.reload_at("/?session=lost")
    idle_until = await sessions.touch(page.scope, page.session)
    if not page.is_partial:
        return page.redirect("/", page.session)
    return page.show_piece("partials/session.html", {"idle_until": idle_until}, page.session)


@get("/session", name="session.show")
async def show(page: ThisPage) -> Response[Any]:
    """An address typed or remembered."""
    return page.redirect("/")


handlers = [go_on, show]
