"""The picture code: five digits, one try, five minutes, drawn and spoken on request.

What goes out with the form is the code with its end, sealed with the portal's key. The database learns of it when
it is tried: who only looks at a form writes nothing.
"""

from __future__ import annotations

import hmac
import io
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from captcha.image import ImageCaptcha

from db import captchas
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import network_of

# Light ink on a dark ground: the library pastes dark ink half transparent. Readable on both themes, 12:1.
_DRAWER = ImageCaptcha(width=200, height=72, font_sizes=(46, 50, 54))
_GROUND, _INK = (28, 40, 80), (246, 248, 252)
_DIGITS = 5
Kind = Literal["picture", "voice", "try"]


@dataclass(frozen=True)
class Picture:
    """`token` goes into the form and into the addresses of picture and voice."""

    token: str


@dataclass(frozen=True)
class _Opened:
    identity: str
    code: str
    expires_at: datetime


def make(scope: Scope) -> Picture:
    """A new code; nothing is written. The operator's test code, while developing, stands on every picture."""
    code = scope.settings.captcha_code or f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    expires_at = scope.now + timedelta(seconds=scope.settings.captcha_lifetime)
    sealed = {"captcha": secrets.token_hex(16), "code": code, "until": expires_at.isoformat()}
    return Picture(scope.seal(sealed))


async def judge(scope: Scope, token: str, typed: str, *, about: str) -> Refused | bool:
    """Spend the one try. True where the code is right, False where it was, and led on with the same `about`.

    So a button pressed twice is one press, and a code used again for anything else is refused. Part of the
    client's transaction, which calls `remember_use` when the rest is right too.
    """
    opened = _open(scope, token)
    refused = Refused(Code.CAPTCHA_WRONG, "captcha")
    if opened is None or scope.pictures.is_replaced(opened.identity):
        return refused
    typed_code = read_code(typed)
    if not await captchas.spend(opened.identity, scope.now, opened.expires_at):
        outcome = await captchas.outcome(opened.identity)
        again = outcome and hmac.compare_digest(outcome, _outcome(scope, opened.identity, typed_code, about))
        return False if again else refused
    return True if hmac.compare_digest(opened.code.encode(), typed_code.encode()) else refused


async def remember_use(scope: Scope, token: str, typed: str, *, about: str) -> None:
    """Remember what the right code was used for."""
    opened = _open(scope, token)
    if opened is not None:
        await captchas.remember(opened.identity, _outcome(scope, opened.identity, read_code(typed), about))


def replace(scope: Scope, token: str) -> None:
    """«Другая картинка»: the former one is void, as far as this process knows.

    No row is written for it: the former picture still has its one try, as any picture has.
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
    """Count what this network has had made this hour; False where that was its number."""
    settings = scope.settings
    most = settings.captcha_voices_ip_hour if kind == "voice" else settings.captcha_pictures_ip_hour
    return scope.pictures.count(kind, network_of(scope.client.ip), most, scope.now)


def draw(code: str) -> bytes:
    """A WebP of 1.5 kB or so. Blocking: 3 to 5 ms of CPU."""
    drawn = io.BytesIO()
    _DRAWER.generate_image(code, bg_color=_GROUND, fg_color=_INK).save(drawn, "WEBP", quality=60)
    return drawn.getvalue()


def read_code(text: str) -> str:
    """Digits typed with spaces or full-width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())[:20]


def _open(scope: Scope, token: str) -> _Opened | None:
    """None where it was never ours, was sealed for something else, or is too old."""
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
