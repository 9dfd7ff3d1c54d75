"""How an answer is made: whole page, fragment, 303 or a full reload. The only file that knows htmx.

A fragment is sent only for `HX-Request-Type: partial`. The Back button asks for the whole page
(`HX-History-Restore-Request`), and so does a browser without JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie, Headers, State
from litestar.types import Scope

from routes.own_path import address_shown

# How the names of htmx's headers begin, in a request as a server hands it on.
OF_HTMX = b"hx-"
AnyRequest = Request[Any, Any, State]
# Which request headers an answer depends on, and that no cache may store it.
_ALWAYS = {"Vary": "HX-Request-Type, HX-History-Restore-Request, Accept-Encoding", "Cache-Control": "no-store"}


def is_by_script(scope: Scope) -> bool:
    """Whether htmx has sent the request, and not the browser by itself."""
    return "hx-request" in Headers.from_scope(scope)


def is_partial(request: AnyRequest) -> bool:
    headers = request.headers
    return headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in headers


def layout_of(request: AnyRequest) -> str:
    """The template that a fragment extends in the answer to this request."""
    return "fragment.html" if is_partial(request) else "page.html"


def page_or_fragment(
    request: AnyRequest, html: str, status: int, *, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """A step in its layout. htmx puts its address into the address bar, unless the step was refused."""
    headers = {**(headers or {}), **_ALWAYS, **_address_bar(request, status)}
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)


def piece(html: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """A part of a step, replaced without the rest of the page."""
    headers = {**_ALWAYS, "HX-Push-Url": "false"}
    return Response(html, media_type=MediaType.HTML, status_code=200, headers=headers, cookies=cookies)


def see_other(path: str, cookies: Sequence[Cookie] = ()) -> Response[None]:
    """303 to `path`."""
    return Response(None, status_code=303, headers={"Location": path}, cookies=list(cookies))


def reload_instead(request: AnyRequest, redirect: Response[None]) -> Response[None]:
    """`redirect`, or where htmx asked for a part of a page: the order to load the other page as a whole."""
    if not is_partial(request):
        return redirect
    headers = {"HX-Redirect": redirect.headers["Location"]}
    return Response(None, status_code=200, headers=headers, cookies=redirect.cookies, media_type=MediaType.TEXT)


def _address_bar(request: AnyRequest, status: int) -> dict[str, str]:
    if not is_partial(request):
        return {}
    if status >= 400:
        return {"HX-Push-Url": "false"}
    # A step shown again (another code was sent) adds no entry to the browser's history.
    name = "HX-Replace-Url" if _is_shown_again(request) else "HX-Push-Url"
    return {name: address_shown(request.scope)}


def _is_shown_again(request: AnyRequest) -> bool:
    """Whether htmx has sent the request from this same address."""
    current = re.sub(r"^[^/]*//[^/]*|[?#].*", "", request.headers.get("hx-current-url", ""))
    return current == request.url.path
