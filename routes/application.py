"""The portal as an ASGI application: what is decided about a request before its handler is looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar
from litestar.exceptions import HTTPException

from routes.catalogue import use_language
from routes.host import check_development, check_host
from routes.incoming import UncachedRequest, check_lengths, route_without_caches
from routes.language import language_of
from settings import Settings

Send = Callable[[Any], Awaitable[None]]


class Kabinet(Litestar):
    """Sets the language first, because the router's own errors need it; then refuses what may not come in at all.

    Answers HEAD as GET without the body: Litestar says 405, and mail scanners and monitors send HEAD.
    """

    def __init__(self, settings: Settings, **parts: Any) -> None:
        super().__init__(request_class=UncachedRequest, **parts)
        self.settings = settings
        route_without_caches(self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        with use_language(language_of(scope, self.settings)):
            send = _without_body(scope["method"], send)
            if scope["method"] == "HEAD":
                scope = {**scope, "method": "GET"}
            try:
                check_lengths(scope)
                check_host(scope, self.settings)
                check_development(scope, self.settings)
            except HTTPException as refusal:
                await self._refuse(refusal, scope, receive, send)
                return
            await super().__call__(scope, receive, send)

    async def _refuse(self, refusal: HTTPException, scope: Any, receive: Any, send: Send) -> None:
        """The error page, with the headers that every answer has."""
        scope["app"] = scope["litestar_app"] = self
        scope.setdefault("state", {})

        async def send_with_headers(message: Any) -> None:
            for hook in self.before_send:
                await hook(message, scope)
            await send(message)

        request = UncachedRequest(scope, receive, send)
        response: Any = self.exception_handlers[HTTPException](request, refusal)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send_with_headers)


def _without_body(method: str, send: Send) -> Send:
    """Answers without a body: those to HEAD, and redirects, for which Litestar writes the `null` of JSON."""
    bare = method == "HEAD"

    async def send_bare(message: Any) -> None:
        nonlocal bare
        if message["type"] == "http.response.start" and message["status"] in _REDIRECTS:
            bare = True
            kept = [(name, value) for name, value in message["headers"] if name not in _OF_A_BODY]
            message = {**message, "headers": [*kept, (b"content-length", b"0")]}
        if bare and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_bare


_REDIRECTS = {301, 302, 303, 307, 308}
_OF_A_BODY = {b"content-type", b"content-length", b"content-encoding", b"content-language"}
