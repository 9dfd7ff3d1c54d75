"""Every state and every message, drawn as customers get them: errors, and tags that are not closed."""

from __future__ import annotations

from collections.abc import Iterator

from domain.delivery.messages import MESSAGES
from routes.design import Design
from routes.dev.gallery import values_of
from routes.dev.message_states import message_states_of
from routes.dev.states import fragments, states_of
from routes.message_texts import MessageTexts
from routes.slips import Slip
from routes.template_slips import slips_into
from routes.templates import Templates


def state_slips(templates: Templates) -> Iterator[Slip]:
    """Each once, however many states show it."""
    told: dict[Slip, None] = {}
    for fragment in fragments(templates.design):
        with slips_into(told, templates.design):
            for state in states_of(fragment, templates.design):
                template, values = f"partials/{fragment}.html", values_of(state)
                html = templates.render(template, values)
                told.update(dict.fromkeys(templates.markup_slips(html, template, values)))
    yield from told


def message_slips(messages: MessageTexts, design: Design) -> Iterator[Slip]:
    told: dict[Slip, None] = {}
    for message in MESSAGES:
        for language in design.languages:
            with slips_into(told, design):
                for state in message_states_of(message.name, design):
                    messages(message.name, state.values, language)
                    told.update(dict.fromkeys(messages.markup_slips(message.name, state.values, language)))
    yield from told
