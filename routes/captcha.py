"""The picture of a code, the spoken code, and another picture in its place."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException, TooManyRequestsException
from litestar.params import FromPath

from domain.proofs import captcha, captcha_voice
from domain.proofs.captcha import Kind
from routes.forms import FilledForm
from routes.own_path import own_path, path_shown
from routes.page import Page, ThisPage


@get("/captcha/{token:str}/picture.webp", name="captcha.picture")
async def show_picture(page: ThisPage, token: FromPath[str]) -> Response[bytes]:
    digits = await _digits(page, token, "picture")
    picture = await asyncio.to_thread(captcha.draw, digits)
    return Response(picture, media_type="image/webp", headers={"Cache-Control": "private, max-age=300"})


@get("/captcha/{token:str}/voice.wav", name="captcha.voice")
async def play_voice(page: ThisPage, token: FromPath[str]) -> Response[bytes]:
    digits = await _digits(page, token, "voice")
    return Response(
        captcha_voice.speak(digits), media_type="audio/wav", headers={"Cache-Control": "private, max-age=300"}
    )


@get("/captcha/another", name="captcha.another")
async def show_another(page: ThisPage) -> Response[Any]:
    """«Другая картинка»: the former picture is void. Without JavaScript its link opens the step at `path`."""
    query = page.request.query_params
    captcha.replace(page.scope, query.get("instead", ""))
    path = path_shown(page.request.scope, own_path(query.get("path", ""), "/registration/card/card"))
    return page.show_piece("partials/captcha.html", {"picture": captcha.make(page.scope), "path": path})


def show_with_picture(page: Page, fragment: str, form: FilledForm[Any], status: int, **values: Any) -> Response[Any]:
    """The form with a new picture: each picture is valid for one try."""
    form.typed.pop("picture", None)
    return page.show(fragment, status=status, form=form, picture=captcha.make(page.scope), **values)


def count_try(page: Page) -> None:
    """Each try makes a row that lives for five minutes; a network has as many tries an hour as pictures."""
    _count(page, "try")


async def _digits(page: Page, token: str, kind: Kind) -> str:
    digits = await captcha.digits_of(page.scope, token)
    if digits is None:
        raise NotFoundException
    _count(page, kind)
    return digits


def _count(page: Page, kind: Kind) -> None:
    if not captcha.count(page.scope, kind):
        raise TooManyRequestsException


handlers = [show_picture, play_voice, show_another]
