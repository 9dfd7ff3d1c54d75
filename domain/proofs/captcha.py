"""The picture code: five digits, valid for one try and five minutes, drawn and spoken on request.

It is drawn for people: a machine reads it as well as they do, and what stops one are the limits of tries
(docs/security.md).

The form holds the code and its expiry, sealed with the portal's key. A row is written only when the code is tried, so
showing a form writes nothing.
"""

from __future__ import annotations

import hmac
import io
import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from db import captchas
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.throttles import network_of

DIGITS = 5
# Without 1, which is taken for a 7.
_SHOWN = "023456789"
# Contrast 12:1 on both themes.
_GROUND, _INK = (28, 40, 80), (246, 248, 252)
# Twice as large as it is shown, for sharp screens. A digit of the largest size, turned as far as may be, fills 74 of
# the 76 pixels of its place; it is drawn in a wider cell, so that nothing is cut off.
_SIZE, _PLACE, _CELL, _FONT_SIZES = (400, 144), 76, 100, (100, 108, 116)
_DEGREES, _RISE = 10, 8
if TYPE_CHECKING:
    # Loaded with the first picture.
    from PIL.ImageFont import FreeTypeFont, ImageFont
Kind = Literal["picture", "voice", "try"]


@dataclass(frozen=True)
class Picture:
    """`token` is the sealed code, for the form and the addresses of picture and voice."""

    token: str


@dataclass(frozen=True)
class CaptchaAnswer:
    """A picture code as it came: the token of the picture, and what was typed."""

    token: str
    typed: str


# Where no picture was shown.
NO_ANSWER = CaptchaAnswer("", "")


@dataclass(frozen=True)
class _Opened:
    identity: str
    code: str
    expires_at: datetime


def make(scope: Scope) -> Picture:
    """A new code; nothing is written. Every picture shows `KABINET_CAPTCHA_CODE` where that is set (development)."""
    code = scope.settings.captcha_code or "".join(secrets.choice(_SHOWN) for _ in range(DIGITS))
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
        again = outcome and scope.portal.sealing.has_hash(outcome, *_outcome(opened.identity, typed, about))
        return False if again else refused
    return True if hmac.compare_digest(opened.code.encode(), typed.encode()) else refused


async def remember_use(scope: Scope, token: str, typed: str, *, about: str) -> None:
    """Remember what the right code was used for: a repetition of that very request succeeds again."""
    opened = _open(scope, token)
    if opened is not None:
        await captchas.remember(opened.identity, scope.keyed_hash(*_outcome(opened.identity, typed, about)))


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
def _fonts() -> list[FreeTypeFont | ImageFont]:
    from PIL import ImageFont

    return [ImageFont.load_default(size) for size in _FONT_SIZES]


def draw(code: str, chance: random.Random | None = None) -> bytes:
    """A WebP of 4 kB or so, in which no digit touches another. Blocking: some 4 ms of CPU."""
    from PIL import Image, ImageDraw

    chance = chance or random.SystemRandom()
    picture = Image.new("RGB", _SIZE, _GROUND)
    cell = (_CELL, _SIZE[1])
    middle = (cell[0] // 2, cell[1] // 2)
    left = (_SIZE[0] - (len(code) - 1) * _PLACE - _CELL) // 2
    for place, digit in enumerate(code):
        ink = Image.new("L", cell)
        ImageDraw.Draw(ink).text(middle, digit, 255, chance.choice(_fonts()), anchor="mm", stroke_width=1.5)
        turned = ink.rotate(chance.uniform(-_DEGREES, _DEGREES), Image.Resampling.BILINEAR)
        picture.paste(_INK, (left + place * _PLACE, chance.randint(-_RISE, _RISE)), turned)
    drawn = io.BytesIO()
    picture.save(drawn, "WEBP", quality=60, method=1)
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


def _outcome(identity: str, typed: str, about: str) -> tuple[str, str]:
    """What the hash of an outcome is of."""
    return "captcha outcome", f"{identity}\0{typed}\0{about}"
