"""What stands in the gallery's frames: a state or a message as a whole page of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import NotFoundException

from domain.delivery.messages import MESSAGES
from domain.proofs import captcha
from routes import responses
from routes.assets import content_of
from routes.catalogue import current, use_language
from routes.contrast import STYLESHEET
from routes.dev.gallery import drawing_of, look_of_page, values_of
from routes.dev.look import changes_style, email_of, page_of, policy_of, style
from routes.dev.message_states import MessageState, message_state_of, message_states_of
from routes.dev.states import State, fragments, state_of, states_of
from routes.forms import sent_form
from routes.page import Page, ThisPage
from routes.slips import Slip, SlipError

_GALLERY = "/dev/gallery"
# The styles of an e-mail stand in its elements; the script is the one that follows the files.
_POLICY_OF_EMAILS = (
    "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
    " frame-ancestors 'self'"
)
S = TypeVar("S")


@get(f"{_GALLERY}/state", name="dev.gallery.state")
async def show_state(page: ThisPage) -> Response[Any]:
    return _state(page, _chosen(page, states_of(_fragment(page), drawing_of(page).templates.design)))


@post(f"{_GALLERY}/state", name="dev.gallery.try-state", status_code=200, typed_values=True)
async def try_state(page: ThisPage) -> Response[Any]:
    """With values that were typed; nothing is kept."""
    chosen = _chosen(page, states_of(_fragment(page), drawing_of(page).templates.design))
    written = await _typed(page.request)
    return _state(page, _read(lambda: state_of(chosen.fragment, chosen.name, written)))


def _state(page: Page, state: State) -> Response[Any]:
    look, templates = look_of_page(page), drawing_of(page).templates
    values = values_of(state, responses.layout_of(page.request))
    if "picture" in state.values:
        values["picture"] = captcha.make(page.scope)
    template = f"partials/{state.fragment}.html"
    with use_language(look["language"]):
        html = page.checked(template, templates.render(template, values), values)
        html = page_of(html, state, look, templates.asset(STYLESHEET), still="still" in page.request.query_params)
        headers = {"Cache-Control": "no-store", "Content-Language": current()}
        if "off" in (look["script"], look["images"]):
            headers["Content-Security-Policy"] = policy_of(look)
        return Response(html, media_type=MediaType.HTML, headers=headers)


@get(f"{_GALLERY}/message", name="dev.gallery.message")
async def show_message(page: ThisPage) -> Response[Any]:
    """As a mail program or a phone shows it."""
    return _message(page, _chosen(page, message_states_of(_named(page), drawing_of(page).templates.design)))


@post(f"{_GALLERY}/message", name="dev.gallery.try-message", status_code=200, typed_values=True)
async def try_message(page: ThisPage) -> Response[Any]:
    written = await _typed(page.request)
    return _message(page, _read(lambda: message_state_of(_named(page), "", written)))


def _message(page: Page, state: MessageState) -> Response[Any]:
    look = look_of_page(page)
    made = drawing_of(page).messages(state.message, state.values, look["language"])
    as_html = made.html is not None and page.request.query_params.get("part", "html") == "html"
    images = "'none'" if look["images"] == "off" else "'self'"
    policy = _POLICY_OF_EMAILS.format(images=images)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": policy}
    # A mail program fetches the logo from the portal; this machine may have another name for it.
    html = (made.html or "").replace(f"{page.settings.public_url}/static/", "/static/")
    return Response(
        email_of(html, look) if as_html else made.text,
        media_type=MediaType.HTML if as_html else MediaType.TEXT,
        headers=headers,
    )


@get(f"{_GALLERY}/portal.css", name="dev.gallery.style", sync_to_thread=False)
def show_style(page: ThisPage) -> Response[str]:
    look = look_of_page(page)
    if not changes_style(look):
        raise NotFoundException
    sheet = style(content_of(STYLESHEET, drawing_of(page).templates.design).decode(), look)
    return Response(sheet, media_type="text/css; charset=utf-8", headers={"Cache-Control": "no-store"})


def _fragment(page: Page) -> str:
    name = page.request.query_params.get("fragment", "")
    if name not in fragments(drawing_of(page).templates.design):
        raise NotFoundException
    return str(name)


def _named(page: Page) -> str:
    name = page.request.query_params.get("name", "")
    if name not in {message.name for message in MESSAGES}:
        raise NotFoundException
    return str(name)


def _chosen(page: Page, states: list[S]) -> S:
    known = {str(place): state for place, state in enumerate(states)}
    number = page.request.query_params.get("number", "0")
    if number not in known:
        raise NotFoundException
    return known[number]


async def _typed(request: Request[Any, Any, Any]) -> Mapping[str, Any]:
    typed = (await sent_form(request)).get("values", "")
    try:
        written = json.loads(typed)
    except json.JSONDecodeError as error:
        raise SlipError([Slip("values", error.lineno, f"is no JSON: {error.msg}")]) from None
    if not isinstance(written, dict):
        raise SlipError([Slip("values", 0, "are no object of JSON")])
    return written


def _read(make: Callable[[], S]) -> S:
    try:
        return make()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SlipError([Slip("values", 0, str(error))]) from None


handlers = [show_state, try_state, show_message, try_message, show_style]
