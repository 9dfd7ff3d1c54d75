"""The picture of a code, its voice, and another one in its place."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException, TooManyRequestsException
from litestar.params import FromPath, FromQuery

from db.engine import transaction
from domain import captcha, captcha_voice, throttles
from domain.throttles import HOUR, Limit
from routes.page import Page, ThisPage


@get("/captcha/{token:str}/picture.webp", name="captcha.picture")
async def show_picture(page: ThisPage, token: FromPath[str]) -> Response[bytes]:
    digits = await _digits(page, token, "captcha-picture", page.portal.settings.captcha_pictures_ip_hour)
    picture = await asyncio.to_thread(captcha.draw, digits)
    return Response(picture, media_type="image/webp", headers={"Cache-Control": "private, max-age=300"})


@get("/captcha/{token:str}/voice.wav", name="captcha.voice")
async def play_voice(page: ThisPage, token: FromPath[str]) -> Response[bytes]:
    digits = await _digits(page, token, "captcha-voice", page.portal.settings.captcha_voices_ip_hour)
    spoken = await asyncio.to_thread(captcha_voice.speak, digits)
    return Response(spoken, media_type="audio/wav", headers={"Cache-Control": "private, max-age=300"})


@get("/captcha/another", name="captcha.another")
async def show_another(page: ThisPage, instead: FromQuery[str] = "", path: FromQuery[str] = "") -> Response[Any]:
    """«Другая картинка»: the former one is void."""
    await captcha.forget(page.portal, instead)
    picture = await captcha.make(page.portal, page.now)
    return page.show_piece("partials/captcha.html", {"picture": picture, "path": path})


async def _digits(page: Page, token: str, kind: str, most: int) -> str:
    digits = captcha.digits_of(page.portal, token)
    if digits is None:
        raise NotFoundException
    limit = Limit(kind, throttles.network_of(page.caller.ip), most, HOUR)
    async with transaction():
        at = await throttles.claim(page.portal, [limit], page.now)
    if at is not None:
        raise TooManyRequestsException
    return digits


handlers = [show_picture, play_voice, show_another]
