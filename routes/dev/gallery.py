"""Every fragment and message in every state, drawn by the production templates with example data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException

from domain.delivery.messages import MESSAGES
from routes.brand_check import longest, sms_room
from routes.dev.brands import Brands, Drawing
from routes.dev.contact_sheet import Group, Shown, groups
from routes.dev.kept_count import kept_count
from routes.dev.look import SWITCHES, Look, look_of, query_of
from routes.dev.message_states import message_states_of
from routes.dev.states import NOW, State, states_of
from routes.overlay import changes_beneath
from routes.page import Page, ThisPage
from routes.slips import Slip
from routes.template_slips import needs_of
from routes.templates import Templates
from routes.translations import texts_to_check

_GALLERY = "/dev/gallery"
# What one SMS has room for when a text takes several: 3GPP TS 23.040, 9.2.3.24.1.
_PARTS = {70: 67, 160: 153}


@get(_GALLERY, name="dev.gallery")
async def show(page: ThisPage) -> Response[Any]:
    """The contact sheet: what the filters leave, each state small."""
    look, drawing = look_of_page(page), drawing_of(page)
    design = drawing.templates.design
    query = page.request.query_params
    text, only_errors, of = query.get("text-of", ""), "errors" in query, query.get("of", "")
    everything = groups(design)
    shown = [_filtered(group, text, only_errors=only_errors) for group in everything if of in ("", group.of)]
    return page.show(
        "dev/gallery",
        shown=[_group(group, look) for group in shown if group.states or group.wrong],
        known=[group.of for group in everything],
        filters={"text": text, "errors": only_errors, "of": of},
        counted=kept_count(page.request.app.state, drawing.templates.sources),
        told=[*map(str, changes_beneath(design)), *map(str, _unchecked(drawing.templates))],
        **_switches(page, look),
    )


def _filtered(group: Group, text: str, *, only_errors: bool) -> Group:
    wanted = [
        state
        for state in group.states
        if text.lower() in f"{group.journey} {group.of} {state.name}".lower() and (state.has_errors or not only_errors)
    ]
    wrong = group.wrong if text.lower() in group.of.lower() else ""
    return Group(group.journey, group.of, wanted, wrong)


def _group(group: Group, look: Look) -> dict[str, Any]:
    states = [
        {
            "name": f"{state.name} (текст)" if state.part == "text" else state.name,
            "address": _address("frame", state, look),
            "frame": f"{_address('', state, look)}&still=1",
        }
        for state in group.states
    ]
    return {"journey": group.journey, "of": group.of, "states": states, "wrong": group.wrong}


def _unchecked(templates: Templates) -> list[Slip]:
    return [slip for language in templates.languages[1:] for slip in texts_to_check(templates.design, language)]


@get(f"{_GALLERY}/frame", name="dev.gallery.frame")
async def show_framed(page: ThisPage) -> Response[Any]:
    """One state large, with its source, what it needs, and its values to be tried out."""
    look, drawing = look_of_page(page), drawing_of(page)
    everything = [state for group in groups(drawing.templates.design) for state in group.states]
    query = page.request.query_params
    of, message = query.get("fragment", ""), query.get("message", "")
    part = "" if of else query.get("part", "")
    place = next(
        (
            place
            for place, state in enumerate(everything)
            if (state.of, str(state.number)) == (of or message, query.get("number", "0"))
            and (state.part == part or not part) and bool(state.part) == bool(message)
        ),
        None,
    )  # fmt: skip
    if place is None:
        raise NotFoundException
    state = everything[place]
    before = everything[place - 1] if place else None
    after = everything[place + 1] if place + 1 < len(everything) else None
    return page.show(
        "dev/frame",
        state=state,
        frame=f"{_address('', state, look)}&still=1",
        before=_address("frame", before, look) if before else "",
        after=_address("frame", after, look) if after else "",
        place=(place + 1, len(everything)),
        **(_of_message(page, state, drawing) if message else _of_fragment(state, drawing)),
        **_switches(page, look),
    )


def _of_fragment(shown: Shown, drawing: Drawing) -> dict[str, Any]:
    design = drawing.templates.design
    path = design.template(f"partials/{shown.of}.html")
    source = path.read_text(encoding="utf-8")
    state = states_of(shown.of, design)[shown.number]
    return {
        "file": design.shown(path),
        "source": source,
        "needs": needs_of(source),
        "got": sorted(state.values),
        "written": json.dumps(state.written, ensure_ascii=False, indent=2),
        "notes": [str(slip) for slip in _unchecked(drawing.templates) if slip.file == design.shown(path)],
    }


def _of_message(page: Page, shown: Shown, drawing: Drawing) -> dict[str, Any]:
    design = drawing.templates.design
    state = message_states_of(shown.of, design)[shown.number]
    files = [
        design.template(f"messages/{shown.of}/{name}") for name in ("sms.txt", "call.txt", "subject.txt", "email.html")
    ]
    found = [path for path in files if path.is_file()]
    source = found[-1].read_text(encoding="utf-8")
    return {
        "file": design.shown(found[-1]),
        "source": source,
        "needs": needs_of(source),
        "got": sorted(state.values),
        "written": json.dumps(state.values, ensure_ascii=False, indent=2),
        "notes": _notes_of_message(page, shown, drawing),
    }


def _notes_of_message(page: Page, shown: Shown, drawing: Drawing) -> list[str]:
    """Of an e-mail its subject and slips in its tags; of an SMS how much of it there is, and at most."""
    language, messages = look_of_page(page)["language"], drawing.messages
    state = message_states_of(shown.of, drawing.templates.design)[shown.number]
    made = messages(shown.of, state.values, language)
    if made.html is not None:
        return [f"Тема: {made.subject}", *map(str, messages.markup_slips(shown.of, state.values, language))]
    known = {message.name: message for message in MESSAGES}
    if known[shown.of].kind != "sms":
        return []
    most = messages(shown.of, longest(known[shown.of], page.settings), language)
    return [f"Здесь {_size(made.text)}, в самом длинном случае {_size(most.text)}"]


def _size(text: str) -> str:
    taken, room = sms_room(text)
    parts = 1 if taken <= room else -(-taken // _PARTS[room])
    return f"{taken} из {room} знаков, {parts} СМС"


def draw(templates: Templates, state: State, layout: str = "page.html") -> str:
    """A state inside the whole page, as for a visitor who is not signed in."""
    return templates.render(f"partials/{state.fragment}.html", values_of(state, layout))


def values_of(state: State, layout: str = "page.html") -> dict[str, Any]:
    around = {
        "layout": layout,
        "path": _GALLERY,
        "back": _GALLERY,
        "signed_in": False,
        "tracks": ("account", "card"),
        "idle_until": None,
        "whose": "",
        "now": NOW,
        "notice": "",
    }
    return around | state.values


def look_of_page(page: Page) -> Look:
    return look_of(page.request.query_params, _choices(page))


def drawing_of(page: Page) -> Drawing:
    """In the brand that the address names."""
    return _brands(page)(look_of_page(page)["brand"])


def _brands(page: Page) -> Brands:
    state = page.request.app.state
    if "brands" not in state:
        state.brands = Brands(page.settings, Drawing(page.templates, state.messages), state.assets)
    brands: Brands = state.brands
    return brands


def _choices(page: Page) -> dict[str, Sequence[str]]:
    """The switches whose values hang on the files."""
    return {"language": page.templates.languages, "brand": _brands(page).names}


def _switches(page: Page, look: Look) -> dict[str, Any]:
    values = {**SWITCHES, **_choices(page)}
    return {"look": look, "switches": values, "query": query_of(look)}


def _address(page: str, state: Shown, look: Look) -> str:
    """Of the large view (`frame`), or of what stands in it."""
    kind = "message" if state.part else "fragment"
    to = page or ("message" if state.part else "state")
    named = {"part": state.part} if state.part else {}
    name = "name" if state.part and not page else kind
    return f"{_GALLERY}/{to}?{query_of(look, **{name: state.of}, number=state.number, **named)}"


handlers = [show, show_framed]
