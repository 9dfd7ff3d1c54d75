"""Every fragment in every state, rendered by the production templates with example data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException

from domain.proofs import captcha
from routes.catalogue import LANGUAGES, current, use_language
from routes.dev.states import State, fragments, states_of
from routes.page import Page, ThisPage
from routes.templates import Templates

_GALLERY = "/dev/gallery"
_WIDTHS = ("phone", "desktop")


@get(_GALLERY, name="dev.gallery")
async def show(page: ThisPage) -> Response[Any]:
    everything = [(fragment, [state.name for state in states_of(fragment)]) for fragment in fragments()]
    return page.show("dev/gallery", everything=everything, width=_asked(page, "width", _WIDTHS), said_in=_said_in(page))


@get(f"{_GALLERY}/frame", name="dev.gallery.frame")
async def show_framed(page: ThisPage) -> Response[Any]:
    """One state in a frame as wide as a phone or a desk."""
    state, number = _state(page)
    return page.show(
        "dev/frame",
        state=state,
        number=number,
        count=len(states_of(state.fragment)),
        width=_asked(page, "width", _WIDTHS),
        said_in=_said_in(page),
    )


@get(f"{_GALLERY}/state", name="dev.gallery.state")
async def show_state(page: ThisPage) -> Response[Any]:
    """One state as a whole page of its own."""
    state, _ = _state(page)
    if "picture" in state.values:
        state.values["picture"] = captcha.make(page.scope)
    with use_language(_said_in(page)):
        headers = {"Cache-Control": "no-store", "Content-Language": current()}
        return Response(draw(page.templates, state), media_type=MediaType.HTML, headers=headers)


def draw(templates: Templates, state: State, layout: str = "page.html") -> str:
    """A state inside the whole page, as for a visitor who is not signed in."""
    around = {
        "layout": layout,
        "path": _GALLERY,
        "back": _GALLERY,
        "signed_in": False,
        "tracks": ("account", "card"),
        "idle_until": None,
        "notice": "",
    }
    return templates.render(f"partials/{state.fragment}.html", around | state.values)


def _asked(page: Page, name: str, known: Sequence[str]) -> str:
    wanted = page.request.query_params.get(name, "")
    return wanted if wanted in known else known[0]


def _said_in(page: Page) -> str:
    return _asked(page, "language", LANGUAGES)


def _state(page: Page) -> tuple[State, int]:
    """The state that the address names, and its number."""
    query = page.request.query_params
    fragment, number = query.get("fragment", ""), query.get("number", "")
    states = {str(place): state for place, state in enumerate(states_of(fragment) if fragment in fragments() else [])}
    if number not in states:
        raise NotFoundException
    return states[number], int(number)


handlers = [show, show_framed, show_state]
