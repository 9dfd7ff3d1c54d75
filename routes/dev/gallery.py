"""Every fragment in every state, drawn by the production templates with made-up data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from domain import captcha
from routes.catalogue import LANGUAGES, spoken
from routes.dev.states import State, fragments, states_of
from routes.page import ThisPage

_WIDTHS = ("phone", "desktop")


@get("/dev/gallery", name="dev.gallery")
async def show(page: ThisPage, width: FromQuery[str] = "phone", language: FromQuery[str] = "ru") -> Response[Any]:
    everything = [(fragment, [state.name for state in states_of(fragment)]) for fragment in fragments()]
    return page.show("dev/gallery", everything=everything, width=_known(width, _WIDTHS), said_in=_known(language))


@get("/dev/gallery/frame", name="dev.gallery.frame")
async def show_framed(
    page: ThisPage,
    fragment: FromQuery[str],
    number: FromQuery[int],
    width: FromQuery[str] = "phone",
    language: FromQuery[str] = "ru",
) -> Response[Any]:
    """One state in a frame as wide as a phone or a desk."""
    state = _state(fragment, number)
    return page.show(
        "dev/frame",
        state=state,
        number=number,
        count=len(states_of(fragment)),
        width=_known(width, _WIDTHS),
        said_in=_known(language),
    )


@get("/dev/gallery/state", name="dev.gallery.state")
async def show_state(
    page: ThisPage, fragment: FromQuery[str], number: FromQuery[int], language: FromQuery[str] = "ru"
) -> Response[Any]:
    """One state as a whole page of its own."""
    values = _state(fragment, number).values
    if "picture" in values:
        values["picture"] = await captcha.make(page.portal, page.now)
    with spoken(_known(language)):
        return page.show_made_up(fragment, values)


def _known(wanted: str, known: Sequence[str] = LANGUAGES) -> str:
    return wanted if wanted in known else known[0]


def _state(fragment: str, number: int) -> State:
    states = states_of(fragment) if fragment in fragments() else []
    if not 0 <= number < len(states):
        raise NotFoundException
    return states[number]


handlers = [show, show_framed, show_state]
