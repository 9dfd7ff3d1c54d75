"""The picture code: five digits, valid for one try and five minutes, drawn and spoken on request.

The form holds the code and its expiry, sealed with the portal's key. A row is written only when the code is tried, so
showing a form writes nothing.
"""

from __future__ import annotations

import hmac
import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from db import captchas
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import network_of

# Light ink on a dark ground, because the library makes dark ink half transparent. Contrast 12:1 on both themes.
_GROUND, _INK = (28, 40, 80), (246, 248, 252)
DIGITS = 5
if TYPE_CHECKING:
    # Loaded with the first picture.
    from captcha.image import ImageCaptcha
Kind = Literal["picture", "voice", "try"]


@dataclass(frozen=True)
class Picture:
    """`token` is the sealed code, for the form and the addresses of picture and voice."""

    token: str


@dataclass(frozen=True)
class _Opened:
    identity: str
    code: str
    expires_at: datetime


def make(scope: Scope) -> Picture:
    """A new code; nothing is written. Every picture shows `KABINET_CAPTCHA_CODE` where that is set (development)."""
    code = scope.settings.captcha_code or f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    expires_at = scope.now + timedelta(seconds=scope.settings.captcha_lifetime)
    sealed = {"captcha": secrets.token_hex(16), "code": code, "until": expires_at.isoformat()}
    return Picture(scope.seal(sealed))


async def judge(scope: Scope, token: str, typed: str, *, about: str) -> Refused | bool:
    """Use the one try. True where the code is right; False where an equal request (same `about`) was right before.

    `typed` is as `read_code` gives it: other text is no try. A button pressed twice counts once, and a code used again
    for anything else is refused. Part of the caller's transaction, which calls `remember_use` when the rest
    of the form is right too.
    """
    opened = _open(scope, token)
    refused = Refused(Code.CAPTCHA_WRONG, "captcha")
    if opened is None or scope.pictures.is_replaced(opened.identity):
        return refused
    if not await captchas.spend(opened.identity, scope.now, opened.expires_at):
        outcome = await captchas.outcome(opened.identity)
        again = outcome and hmac.compare_digest(outcome, _outcome(scope, opened.identity, typed, about))
        return False if again else refused
    return True if hmac.compare_digest(opened.code.encode(), typed.encode()) else refused


async def remember_use(scope: Scope, token: str, typed: str, *, about: str) -> None:
    """Remember what the right code was used for: a repetition of that very request succeeds again."""
    opened = _open(scope, token)
    if opened is not None:
        await captchas.remember(opened.identity, _outcome(scope, opened.identity, typed, about))


def replace(scope: Scope, token: str) -> None:
    """«Другая картинка»: the former picture is void for this process.

    No row is written, so in another process the former picture keeps its one try.
    """
    opened = _open(scope, token)
    if opened is not None:
        scope.pictures.replace(opened.identity)


async def digits_of(scope: Scope, token: str) -> str | None:
    """The code of a picture that can still be tried, for drawing and speaking it only."""
    opened = _open(scope, token)
    if opened is None or scope.pictures.is_replaced(opened.identity) or await captchas.is_spent(opened.identity):
        return None
    return opened.code


def count(scope: Scope, kind: Kind) -> bool:
    """Count one picture, voice or try of this network; False where its limit of the hour is reached."""
    settings = scope.settings
    most = settings.captcha_voices_ip_hour if kind == "voice" else settings.captcha_pictures_ip_hour
    return scope.pictures.count(kind, network_of(scope.client.ip), most, scope.now)


@cache
def _drawer() -> ImageCaptcha:
    from captcha.image import ImageCaptcha

    return ImageCaptcha(width=200, height=72, font_sizes=(46, 50, 54))


def draw(code: str) -> bytes:
    """A WebP of 1.5 kB or so. Blocking: 3 to 5 ms of CPU."""
    drawn = io.BytesIO()
    _drawer().generate_image(code, bg_color=_GROUND, fg_color=_INK).save(drawn, "WEBP", quality=60)
    return drawn.getvalue()


def _open(scope: Scope, token: str) -> _Opened | None:
    """None for a token that the portal did not seal, or not as a picture code, or that has expired."""
    try:
        known = scope.unseal(token)
    except ValueError:
        return None
    if not isinstance(known, dict) or not {"captcha", "code", "until"} <= known.keys():
        return None
    opened = _Opened(str(known["captcha"]), str(known["code"]), datetime.fromisoformat(known["until"]))
    return opened if scope.now < opened.expires_at else None


def _outcome(scope: Scope, identity: str, typed: str, about: str) -> str:
    return scope.keyed_hash("captcha outcome", f"{identity}\0{typed}\0{about}")
