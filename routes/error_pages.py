"""Turns an exception into a page in the portal's look, and logs it in one line (routes/logs.py)."""

from __future__ import annotations

import logging
from html import escape
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from db.unavailable import DatabaseUnavailableError
from domain.metrics import PASSWORDS_TURNED_AWAY
from domain.passwords import OverloadedError
from routes import responses
from routes.design import ORIGINAL
from routes.host import sees_development
from routes.logs import fault_line, fault_trace, logged_fields, request_id
from routes.slip_page import slip_page
from routes.template_slips import slip_of
from routes.templates import Templates
from settings import Settings

_log = logging.getLogger("kabinet.faults")
# The statuses that the page has a text for; any other 4xx is answered as 400, any other 5xx as 500.
_TOLD = {400, 403, 404, 405, 413, 429, 500, 503}
# Sent where even the error page cannot be rendered.
_BARE = (
    "<!DOCTYPE html><html lang=ru><title>Ошибка — {title}</title><p>Страница временно недоступна. Телефон: {phone}"
    "<p>Код обращения: {code}"
)


def exception_handlers(templates: Templates, settings: Settings) -> ExceptionHandlersMap:
    def slip(request: Request[Any, Any, Any], error: Exception) -> str | None:
        """The page for designers; None in production, and where no file of theirs is at fault."""
        if not sees_development(request.scope, settings) or (found := slip_of(error, templates.design)) is None:
            return None
        _log.warning("%s", "; ".join(map(str, found.slips)))
        return slip_page(found, templates.design, whole=not responses.is_partial(request))

    def bare() -> str:
        texts = templates.brand.texts(ORIGINAL)
        return _BARE.format_map({**{name: escape(text) for name, text in texts.items()}, "code": request_id.get()})

    def answer(request: Request[Any, Any, Any], status: int, headers: dict[str, str]) -> Response[str]:
        values = {
            "layout": responses.layout_of(request),
            "status": status,
            "code": request_id.get(),
            "path": "",
            "back": "/",
            "form": None,
            "signed_in": False,
            "tracks": (),
            "idle_until": None,
            "whose": "",
            "now": None,
        }
        try:
            html = templates.render("partials/fault.html", values)
        except Exception as error:  # noqa: BLE001 - the error page itself is broken
            _log.error("the page of a fault cannot be drawn: %s", fault_line(error))
            html = slip(request, error) or bare()
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
        PASSWORDS_TURNED_AWAY.inc()
        _log_fault(request, 503, "too many passwords at once", error)
        return answer(request, 503, {"Retry-After": "5"})

    def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        if (html := slip(request, error)) is not None:
            # What a designer has typed for trying out is no fault of the portal's.
            handler = request.scope.get("route_handler")
            typed = handler is not None and handler.opt.get("typed_values", False)
            return responses.page_or_fragment(request, html, 422 if typed else 500)
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
    route = str(request.scope.get("path_template", ""))
    fields = logged_fields(method=request.method, route=route, status=status, fault=line)
    _log.error("%s %s %d: %s", request.method, route, status, line, extra=fields)
    _log.debug("%s", fault_trace(error))
