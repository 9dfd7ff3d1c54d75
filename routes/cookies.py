"""The portal's own cookies: out of reach of scripts and other sites, bound to this host in production."""

from __future__ import annotations

from litestar.datastructures import Cookie

from settings import Settings


def cookie_name(name: str, production: bool) -> str:
    """`__Host-` binds the cookie to this very host over https (RFC 6265bis 4.1.3.2); plain http refuses it."""
    return f"__Host-{name}" if production else name


def name_of_link(path: str) -> str:
    """What the cookie with the token of a link to the step at `path` is called (routes/links.py)."""
    return path.strip("/").replace("/", "-")


def make_cookie(settings: Settings, name: str, value: str, max_age: int | None) -> Cookie:
    """Without `max_age` it ends with the browser."""
    return Cookie(
        key=cookie_name(name, settings.production),
        value=value,
        path="/",
        secure=settings.production,
        httponly=True,
        samesite="lax",
        max_age=max_age,
    )
