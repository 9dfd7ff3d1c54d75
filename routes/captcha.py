"""The picture of a code, the spoken code, and another picture in its place."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException, TooManyRequestsException
from litestar.params import FromPath

from domain.proofs import captcha, captcha_voice
from domain.proofs.captcha import Kind, Picture
from routes.forms import FilledForm, Form
from routes.notices import Notice
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
    """«Другая картинка»: the former picture is void."""
    captcha.replace(page.scope, page.request.query_params.get("instead", ""))
    values = {"picture": captcha.make(page.scope), "form": FilledForm[Form](""), "renewed": True}
    return page.show_piece("partials/captcha.html", values)


def replaces_picture(page: Page, form: FilledForm[Any]) -> bool:
    """Whether the form was sent by «Другая картинка», without JavaScript: it comes back as it was typed."""
    former = form.typed.get("instead", "")
    if former:
        captcha.replace(page.scope, former)
        form.errors, form.pressed = {}, "another-picture"
    return bool(former)


def show_with_picture(page: Page, fragment: str, form: FilledForm[Any], status: int, **values: Any) -> Response[Any]:
    """The form with a new picture: each picture is valid for one try."""
    form.typed.pop("picture", None)
    return page.show(fragment, status=status, form=form, picture=captcha.make(page.scope), **values)


def picture_if_asked(page: Page, form: FilledForm[Any]) -> Picture | None:
    """A new picture for a form that shows one only at times: once it was asked for, and as long as it is."""
    shown = form.typed.pop("picture", "")
    asked = "captcha" in form.errors or page.notice is Notice.PICTURE_NEEDED
    return captcha.make(page.scope) if shown or asked else None


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
