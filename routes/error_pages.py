"""Turns an exception into a page in the portal's look, and logs it in one line (routes/logs.py)."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from db.unavailable import DatabaseUnavailableError
from domain.passwords import OverloadedError
from routes import responses
from routes.logs import fault_line, fault_trace
from routes.templates import Templates

_log = logging.getLogger("kabinet.faults")
# The statuses that the page has a text for; any other 4xx is answered as 400, any other 5xx as 500.
_TOLD = {400, 403, 404, 405, 413, 429, 500, 503}
# Sent where even the error page cannot be rendered.
_BARE = "<!DOCTYPE html><html lang=ru><title>Ошибка</title><p>Личный кабинет временно недоступен."


def exception_handlers(templates: Templates) -> ExceptionHandlersMap:
    def answer(request: Request[Any, Any, Any], status: int, headers: dict[str, str]) -> Response[str]:
        values = {
            "layout": responses.layout_of(request),
            "status": status,
            "path": "",
            "back": "/",
            "form": None,
            "signed_in": False,
            "tracks": (),
            "idle_until": None,
        }
        try:
            html = templates.render("partials/fault.html", values)
        except Exception as error:  # noqa: BLE001 - the error page itself is broken
            _log.error("the page of a fault cannot be drawn: %s", fault_line(error))
            html = _BARE
        return responses.page_or_fragment(request, html, status, headers=headers)

    def expected(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
        status = error.status_code if error.status_code in _TOLD else 500 if error.status_code >= 500 else 400
        if status >= 500:
            _log_fault(request, status, fault_line(error), error)
        return answer(request, status, dict(error.headers or {}))

    def unavailable(request: Request[Any, Any, Any], error: DatabaseUnavailableError) -> Response[str]:
        _log_fault(request, 503, f"the database is unavailable: {error}", error)
        return answer(request, 503, {"Retry-After": "30"})

    def overloaded(request: Request[Any, Any, Any], error: OverloadedError) -> Response[str]:
        _log_fault(request, 503, "too many passwords at once", error)
        return answer(request, 503, {"Retry-After": "5"})

    def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        _log_fault(request, 500, fault_line(error), error)
        return answer(request, 500, {})

    return {
        HTTPException: expected,
        DatabaseUnavailableError: unavailable,
        OverloadedError: overloaded,
        Exception: unexpected,
    }


def _log_fault(request: Request[Any, Any, Any], status: int, line: str, error: Exception) -> None:
    # The path's template, not the path: a link's token is a secret.
    _log.error("%s %s %d: %s", request.method, request.scope.get("path_template", ""), status, line)
    _log.debug("%s", fault_trace(error))
