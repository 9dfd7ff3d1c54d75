"""The portal as an ASGI application: what comes before the handler of a request is looked up, and what comes last.

An answer gets its security headers, its language and its compression here, wherever it was made. Litestar's own hooks
and its middleware for compression do the same with header objects made for each header, at several times the cost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar
from litestar.exceptions import HTTPException

from routes.catalogue import use_language
from routes.compression import LEAST, compressed, is_text, offered
from routes.dev.following import Following
from routes.headers import SecurityHeaders, add_vary
from routes.host import check_development, check_host, check_staff
from routes.incoming import UncachedRequest, check_lengths, route_without_caches
from routes.kept_pages import OF_A_BODY, KeptPages, Key
from routes.language import add_language, language_of
from routes.templates import Templates
from settings import Settings

Send = Callable[[Any], Awaitable[None]]
_REDIRECTS = {301, 302, 303, 307, 308}


class Kabinet(Litestar):
    """Sets the language first, because the router's own errors need it; then refuses what may not come in at all.

    Answers HEAD as GET without the body: Litestar says 405, and mail scanners and monitors send HEAD.
    """

    def __init__(
        self, settings: Settings, templates: Templates, kept: KeptPages, following: Following, **parts: Any
    ) -> None:
        super().__init__(request_class=UncachedRequest, **parts)
        self.settings = settings
        self.kept = kept
        self._templates = templates
        self._following = following
        self._security = SecurityHeaders(production=settings.production)
        route_without_caches(self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        language = language_of(scope, self.settings, self._templates.languages)
        with use_language(language):
            if scope["method"] == "HEAD":
                scope["method"], send = "GET", _without_body(send)
            try:
                check_lengths(scope)
                check_host(scope, self.settings)
                check_development(scope, self.settings)
                check_staff(scope, self.settings)
            except HTTPException as refusal:
                await self._refuse(refusal, scope, receive, self._completed(scope, send, language, None))
                return
            key = self.kept.key_of(scope, language)
            if key is not None and (kept := self.kept.find(key)) is not None:
                scope["path_template"] = kept.route
                await kept.send(key, send)
            else:
                await super().__call__(scope, receive, self._completed(scope, send, language, key))

    async def _refuse(self, refusal: HTTPException, scope: Any, receive: Any, send: Send) -> None:
        """The page of a fault."""
        scope["app"] = scope["litestar_app"] = self
        scope.setdefault("state", {})
        request = UncachedRequest(scope, receive, send)
        response: Any = self.exception_handlers[HTTPException](request, refusal)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)

    def _completed(self, scope: Any, send: Send, language: str, key: Key | None) -> Send:
        """`send` for an answer that is completed on its way; under `key` it is kept, where it may be."""
        first: Any = None
        script = self._following.script_for(scope)

        async def send_completed(message: Any) -> None:
            nonlocal first
            if message["type"] == "http.response.start":
                first = message
                return
            if first is None:
                await send(message)
                return
            start, first = first, None
            headers = self._complete_headers(start, scope, language)
            body = message.get("body", b"")
            if not message.get("more_body", False):
                body = self._following.add(script, headers, body) if script else body
                message = {**message, "body": body}
                route = scope.get("path_template", "")
                kept = self.kept.keep(key, route, start["status"], headers, body) if key is not None else None
                if key is not None and kept is not None:
                    await kept.send(key, send)
                    return
                message = {**message, "body": _packed(headers, body, scope)}
            await send({**start, "headers": headers})
            await send(message)

        return send_completed

    def _complete_headers(self, start: Any, scope: Any, language: str) -> list[tuple[bytes, bytes]]:
        headers = [(name.lower(), value) for name, value in start["headers"]]
        if start["status"] in _REDIRECTS:
            headers = [pair for pair in headers if pair[0] not in OF_A_BODY]
        add_language(headers, language)
        self._security.add_to(headers, scope["path"], self.state.links)
        return headers


def _packed(headers: list[tuple[bytes, bytes]], body: bytes, scope: Any) -> bytes:
    """The body as it goes out, its length and encoding put among the headers."""
    named = dict(headers)
    if b"content-type" not in named:
        # A redirect, for which Litestar writes the `null` of JSON.
        body = b""
    elif is_text(named[b"content-type"]) and b"content-encoding" not in named and len(body) >= LEAST:
        add_vary(headers, b"Accept-Encoding")
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        if encoding := offered(accepted.decode("latin-1")):
            body = compressed(body, encoding)
            headers.append((b"content-encoding", encoding.encode()))
    else:
        return body
    headers[:] = [pair for pair in headers if pair[0] != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return body


def _without_body(send: Send) -> Send:
    """For HEAD."""

    async def send_bare(message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_bare
