"""The portal's own cookies: not readable by scripts, not sent by other sites, bound to this host in production."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.datastructures import Cookie

from domain.sessions import Session
from settings import Settings

# Every name of ours stands here, so that no two are alike; `link_cookie` makes the others.
SESSION, DEVICE, RETURN_TO, NOTICE, LANGUAGE = "kabinet", "kabinet-device", "return-to", "notice", "language"
TYPED = "typed"
STAFF = "kabinet-staff"


def link_cookie(path: str) -> str:
    """The name of the cookie with the token of a link to the step at `path` (routes/links.py)."""
    return path.strip("/").replace("/", "-")


def cookie_name(name: str, production: bool) -> str:
    """`__Host-` binds the cookie to this very host over https (RFC 6265bis 4.1.3.2); plain http refuses it."""
    return f"__Host-{name}" if production else name


def read_cookie(cookies: Mapping[str, str], settings: Settings, name: str) -> str:
    """Its value among the cookies of a request; empty where there is none."""
    return cookies.get(cookie_name(name, settings.production), "")


def make_cookie(settings: Settings, name: str, value: str, max_age: int | None) -> Cookie:
    """Without `max_age` (seconds) it ends with the browser."""
    return Cookie(
        key=cookie_name(name, settings.production),
        value=value,
        path="/",
        secure=settings.production,
        httponly=True,
        samesite="lax",
        max_age=max_age,
    )


def delete_cookie(settings: Settings, name: str) -> Cookie:
    return make_cookie(settings, name, "", 0)


def session_cookies(settings: Settings, session: Session | None) -> list[Cookie]:
    """The cookies for a session that has just been made or got another id, and for the device that signed in."""
    if session is None or not session.token:
        return []
    lifetime = settings.remember_lifetime if session.remembered else None
    cookies = [make_cookie(settings, SESSION, session.token, lifetime)]
    if session.device:
        cookies.append(make_cookie(settings, DEVICE, session.device, settings.device_lifetime))
    return cookies
