"""Which language a request is answered in: what its cookie says, else what its browser asks for.

The control in the masthead sets the cookie and leads back to the same step, with what was typed there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.types import Scope

from routes import responses, return_to
from routes.cookies import LANGUAGE, make_cookie, read_cookie
from routes.design import ORIGINAL
from routes.forms import sent_form
from routes.headers import add_vary
from routes.incoming import cookies_of
from routes.own_path import own_path
from routes.page import Page, ThisPage
from settings import Settings

_YEAR = 365 * 24 * 3600
# Browsers send a fifth of this at most.
_LONGEST = 500
_RANGE = re.compile(r"([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*(?:\s*;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")


def language_of(scope: Scope, settings: Settings, languages: Sequence[str]) -> str:
    """The language of a request that may not have reached any handler yet."""
    chosen = read_cookie(cookies_of(scope), settings, LANGUAGE)
    asked = b",".join(value for name, value in scope["headers"] if name == b"accept-language")
    return chosen if chosen in languages else accepted(asked[:_LONGEST].decode("latin-1"), languages)


def accepted(header: str, languages: Sequence[str]) -> str:
    """The best of `languages` for an `Accept-Language` (RFC 9110, 12.5.4); the first one where none fits."""
    weights: dict[str, float] = {}
    for text in header.lower().split(","):
        if wanted := _RANGE.fullmatch(text.strip()):
            language, weight = wanted[1], float(wanted[2] or 1)
            weights[language] = max(weight, weights.get(language, 0))
    rest = weights.get("*", 0)
    best = max(languages, key=lambda language: weights.get(language, rest))  # of equals the first
    return best if weights.get(best, rest) else ORIGINAL


def add_language(headers: list[tuple[bytes, bytes]], language: str) -> None:
    """A page says its language and what that hangs on."""
    named = dict(headers)
    if named.get(b"content-type", b"").startswith(b"text/html"):
        if b"content-language" not in named:
            headers.append((b"content-language", language.encode()))
        add_vary(headers, b"Accept-Language, Cookie")


@post("/language/{language:str}", name="language.switch")
async def switch(page: ThisPage, language: FromPath[str]) -> Response[None]:
    """The control in the masthead, which sends the form of the step along: what was typed is there again."""
    answer = _chosen(page, language)
    path, typed = answer.headers["Location"].partition("?")[0], await sent_form(page.request)
    answer.cookies.append(return_to.keep_typed(page.scope, path, typed, page.whose))
    return responses.reload_instead(page.request, answer)


@get("/language/{language:str}", name="language")
async def choose(page: ThisPage, language: FromPath[str]) -> Response[None]:
    """The same for a link."""
    return _chosen(page, language)


def _chosen(page: Page, language: str) -> Response[None]:
    """Remember the choice for a year and redirect to `back`; to the welcome screen where that is no own path."""
    if language not in page.templates.languages:
        raise NotFoundException
    path = own_path(page.request.query_params.get("back", "/"), "/")
    return responses.see_other(path, [make_cookie(page.settings, LANGUAGE, language, _YEAR)])


handlers = [choose, switch]
