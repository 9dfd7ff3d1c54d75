"""The picture code: five digits, one try, five minutes, drawn and spoken on request.

What goes out with the form is the code sealed with the portal's key; the database keeps only its keyed hash
and whether its one try has been spent.
"""

from __future__ import annotations

import hmac
import io
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from captcha.image import ImageCaptcha

from db import captchas
from domain.portal import Portal
from domain.refusals import Code, Refused

# Light ink on a dark ground: the library pastes dark ink half transparent. Readable on both themes, 12:1.
_DRAWER = ImageCaptcha(width=200, height=72, font_sizes=(46, 50, 54))
_GROUND, _INK = (28, 40, 80), (246, 248, 252)
_DIGITS = 5


@dataclass(frozen=True)
class Picture:
    """`token` goes into the form and into the addresses of picture and voice."""

    token: str


async def make(portal: Portal, now: datetime) -> Picture:
    """A new code. The operator's test code, while developing, stands on every picture."""
    code = portal.settings.captcha_code or f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    identity = secrets.token_hex(16)
    expires_at = now + timedelta(seconds=portal.settings.captcha_lifetime)
    await captchas.add(identity, _hash(portal, identity, code), expires_at)
    return Picture(portal.sealing.seal([identity, code]))


async def judge(portal: Portal, token: str, typed: str, now: datetime, *, about: str) -> Refused | bool:
    """Spend the one try. True where the code is right, False where it was, and led on with the same `about`.

    So a button pressed twice is one press, and a code used again for anything else is refused. Part of the
    caller's transaction, which calls `led_on` when the rest is right too.
    """
    opened = _open(portal, token)
    refused = Refused(Code.CAPTCHA_WRONG, "captcha")
    if opened is None:
        return refused
    identity, _ = opened
    code_hash = await captchas.spend(identity, now)
    typed_hash = _hash(portal, identity, read_code(typed))
    if code_hash is None:
        outcome = await captchas.outcome(identity, now)
        again = outcome and hmac.compare_digest(outcome, _outcome(portal, typed_hash, about))
        return False if again else refused
    return True if hmac.compare_digest(code_hash, typed_hash) else refused


async def led_on(portal: Portal, token: str, typed: str, *, about: str) -> None:
    """Remember what the right code was used for."""
    opened = _open(portal, token)
    if opened is not None:
        typed_hash = _hash(portal, opened[0], read_code(typed))
        await captchas.remember(opened[0], _outcome(portal, typed_hash, about))


async def forget(portal: Portal, token: str) -> None:
    """«Другая картинка»: the former one is void."""
    opened = _open(portal, token)
    if opened is not None:
        await captchas.forget(opened[0])


def digits_of(portal: Portal, token: str) -> str | None:
    """The code, for the picture and the voice only."""
    opened = _open(portal, token)
    return opened[1] if opened else None


def draw(code: str) -> bytes:
    """A WebP of 1.5 kB or so. Blocking: 3 to 5 ms of CPU."""
    drawn = io.BytesIO()
    _DRAWER.generate_image(code, bg_color=_GROUND, fg_color=_INK).save(drawn, "WEBP", quality=60)
    return drawn.getvalue()


def read_code(text: str) -> str:
    """Digits typed with spaces or full-width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())[:20]


def _open(portal: Portal, token: str) -> tuple[str, str] | None:
    try:
        identity, code = portal.sealing.unseal(token)
    except (ValueError, TypeError):
        return None
    return str(identity), str(code)


def _hash(portal: Portal, identity: str, code: str) -> str:
    return portal.sealing.keyed_hash("captcha", f"{identity}\0{code}")


def _outcome(portal: Portal, typed_hash: str, about: str) -> str:
    return portal.sealing.keyed_hash("captcha outcome", f"{typed_hash}\0{about}")
