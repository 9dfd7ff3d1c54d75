"""How an answer is made: whole page or fragment, 303, a new load. The only file that knows htmx.

A fragment goes out only to `HX-Request-Type: partial`: Back asks again for the whole page
(`HX-History-Restore-Request`), and so does everyone without JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie, State

from routes.own_path import address_shown

# How the names of htmx's headers begin, in a request as a server hands it on.
OF_HTMX = b"hx-"
AnyRequest = Request[Any, Any, State]
# What an answer hangs on, and that no cache keeps it.
_ALWAYS = {"Vary": "HX-Request-Type, HX-History-Restore-Request, Accept-Encoding", "Cache-Control": "no-store"}


def is_partial(request: AnyRequest) -> bool:
    headers = request.headers
    return headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in headers


def layout_of(request: AnyRequest) -> str:
    """The template that a fragment extends in the answer to this request."""
    return "fragment.html" if is_partial(request) else "page.html"


def page_or_fragment(
    request: AnyRequest, html: str, status: int, *, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """A step in its layout. A refused one stays at its address, any other is followed by the address bar."""
    headers = {**(headers or {}), **_ALWAYS, **_address_bar(request, status)}
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)


def piece(html: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """A part of a step that changes by itself."""
    headers = {**_ALWAYS, "HX-Push-Url": "false"}
    return Response(html, media_type=MediaType.HTML, status_code=200, headers=headers, cookies=cookies)


def see_other(path: str, cookies: Sequence[Cookie] = ()) -> Response[None]:
    """303: go on there."""
    return Response(None, status_code=303, headers={"Location": path}, cookies=list(cookies))


def reload_instead(request: AnyRequest, redirect: Response[None]) -> Response[None]:
    """`redirect` where only a part of a page was asked for, which cannot become another page: all is loaded anew."""
    if not is_partial(request):
        return redirect
    headers = {"HX-Redirect": redirect.headers["Location"]}
    return Response(None, status_code=200, headers=headers, cookies=redirect.cookies, media_type=MediaType.TEXT)


def _address_bar(request: AnyRequest, status: int) -> dict[str, str]:
    if not is_partial(request):
        return {}
    if status >= 400:
        return {"HX-Push-Url": "false"}
    # A step that comes again (a new code) does not pile up in the history.
    name = "HX-Replace-Url" if _comes_again(request) else "HX-Push-Url"
    return {name: address_shown(request.scope)}


def _comes_again(request: AnyRequest) -> bool:
    """Whether the address that htmx comes from is that of this very step."""
    current = re.sub(r"^[^/]*//[^/]*|[?#].*", "", request.headers.get("hx-current-url", ""))
    return current == request.url.path
