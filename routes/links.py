"""The token of a link is moved from the address into a cookie at once.

An address stays in the browser's history, in `Referer` and in the logs of proxies. So a GET of the link itself only
puts the token, sealed, into a cookie and redirects to the address of the step without it. A scanner that opens links
uses nothing up by that. The form of the step holds its link too, sealed: of two links open in two tabs each button
acts on its own.
"""

from __future__ import annotations

from datetime import timedelta

from litestar import Response

from routes import sealed_values
from routes.cookies import link_cookie, make_cookie, read_cookie
from routes.forms import Form, Sealed
from routes.page import Page

# Long enough for a sign-in in between; the link itself opens the step again.
LIFETIME = timedelta(hours=1)


class LinkForm(Form):
    """Which link a button is about."""

    link: Sealed = ""


def move_token_to_cookie(page: Page, path: str, token: str, answer: Response[None] | None = None) -> Response[None]:
    """A redirect to `path`, or `answer`, that sets the cookie of this kind of link to the token."""
    answer = answer or page.redirect(path)
    seconds = int(LIFETIME.total_seconds())
    answer.set_cookie(make_cookie(page.settings, link_cookie(path), seal(page, path, token), seconds))
    return answer


def seal(page: Page, path: str, token: str) -> str:
    """The token for the form and the cookie, sealed for the step at `path` alone."""
    return sealed_values.seal(page.scope, path, token=token)


def token_of(page: Page, path: str, sent: str = "") -> str:
    """The token from the form (`sent`), else that of the link opened last; empty where there is none."""
    if sent:
        # No lifetime here: the page may stay open as long as the link is valid, which the database decides.
        known = sealed_values.unseal(page.scope, path, sent, None)
    else:
        opened = read_cookie(page.request.cookies, page.settings, link_cookie(path))
        known = sealed_values.unseal(page.scope, path, opened, LIFETIME)
    return str(known["token"]) if known else ""
