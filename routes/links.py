"""The token of a link leaves the address at once.

An address stays in the browser's history, in `Referer` and in the logs of proxies. So a GET of the link itself only
puts the token, sealed, into a cookie and leads to the address of the step without it. A scanner that opens links
spends nothing by that. The form of the step names its link too, sealed: of two links that are open in two tabs each
button means its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from litestar import Response

from routes.cookies import name_of_link
from routes.forms import Form, Sealed
from routes.page import Page

# Long enough for a sign-in in between; the link itself opens the step again.
LIFETIME = timedelta(hours=1)


class LinkForm(Form):
    """Which link a button is about."""

    link: Sealed = ""


def exchange(page: Page, path: str, token: str, answer: Response[None] | None = None) -> Response[None]:
    """Lead to `path`, or send `answer`, with the token in the cookie of this kind of link."""
    answer = answer or page.redirect(path)
    answer.set_cookie(page.cookie(name_of_link(path), seal(page, path, token), int(LIFETIME.total_seconds())))
    return answer


def seal(page: Page, path: str, token: str) -> str:
    """What stands in the form and in the cookie. It is good for the step at `path` alone."""
    return page.scope.seal({"link": path, "token": token, "at": page.scope.now.isoformat()})


def token_of(page: Page, path: str, sent: str = "") -> str:
    """The token that the form has sent, else that of the link opened last; empty where there is none."""
    if sent:
        return _unseal(page, path, sent, None)
    return _unseal(page, path, page.cookie_value(name_of_link(path)), LIFETIME)


def _unseal(page: Page, path: str, sealed: str, lifetime: timedelta | None) -> str:
    try:
        known = page.scope.unseal(sealed)
    except ValueError:
        return ""
    if not isinstance(known, dict) or known.get("link") != path:
        return ""
    # The page may be left open as long as the link is good, which the database knows.
    if lifetime is not None and page.scope.now - datetime.fromisoformat(known["at"]) > lifetime:
        return ""
    return str(known["token"])
