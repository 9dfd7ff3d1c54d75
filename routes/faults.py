"""Exception -> page in the portal's look, once. A trace goes to the log, never to a page."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import asyncpg
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from domain.passwords import OverloadedError
from routes.templates import Templates

_log = logging.getLogger("kabinet.faults")
# What the page knows how to say; any other 4xx is told as 400, any other 5xx as 500.
_TOLD = {400, 403, 404, 405, 413, 429, 500, 503}
# The database is away, full or overloaded: come again, as against a fault of ours.
_AWAY = (OSError, sqlite3.OperationalError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, TimeoutError)


def exception_handlers(templates: Templates) -> ExceptionHandlersMap:
    def answer(request: Request[Any, Any, Any], status: int, headers: dict[str, str]) -> Response[str]:
        partial = request.headers.get("hx-request-type") == "partial"
        values = {
            "layout": "fragment.html" if partial else "page.html",
            "status": status,
            "path": "",
            "back": "/",
            "form": None,
            "signed_in": False,
            "idle_until": None,
        }
        headers = {**headers, "Cache-Control": "no-store", "Vary": "HX-Request-Type", "HX-Push-Url": "false"}
        html = templates.render("partials/fault.html", values)
        return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)

    def expected(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
        status = error.status_code if error.status_code in _TOLD else 500 if error.status_code >= 500 else 400
        if status >= 500:
            _log.error("%s %s", request.method, request.scope.get("path_template", ""), exc_info=error)
        return answer(request, status, dict(error.headers or {}))

    def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        away = isinstance(error, _AWAY)
        # The path's template, not the path: a link's token is a secret.
        _log.error("%s %s", request.method, request.scope.get("path_template", ""), exc_info=error)
        return answer(request, 503 if away else 500, {"Retry-After": "30"} if away else {})

    def overloaded(request: Request[Any, Any, Any], _: OverloadedError) -> Response[str]:
        # A line, and no trace of it: guesses beyond number must not fill the log.
        _log.warning("%s %s: too many passwords at once", request.method, request.scope.get("path_template", ""))
        return answer(request, 503, {"Retry-After": "5"})

    return {HTTPException: expected, OverloadedError: overloaded, Exception: unexpected}
