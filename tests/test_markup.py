"""HTML as the standard has it, in every state and both languages.

The rules of the Nu HTML Checker that forms break most easily, and what refers to an id; the checker itself needs Java.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from routes.catalogue import use_language
from routes.dev.gallery import draw
from routes.dev.states import NOW, State, fragments, states_of
from routes.sources import sources
from routes.templates import Templates
from tests.languages import LANGUAGES

templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
Attributes = Mapping[str, str]
# Which fields a token of `autocomplete` may stand on (HTML, 4.10.18.7.1).
_ONE_LINE = {"text", "search", ""}
_AUTOCOMPLETE = {
    "username": {*_ONE_LINE, "email", "password"},
    "tel": {*_ONE_LINE, "tel"},
    "email": {*_ONE_LINE, "email"},
    "bday": {*_ONE_LINE, "date"},
    "one-time-code": {*_ONE_LINE, "password", "number"},
    "current-password": {*_ONE_LINE, "password"},
    "new-password": {*_ONE_LINE, "password"},
    "cc-number": _ONE_LINE,
    "family-name": _ONE_LINE,
    "given-name": _ONE_LINE,
    "additional-name": _ONE_LINE,
    "street-address": {"textarea"},
    "off": {*_ONE_LINE, "tel", "email", "textarea"},
}
_FIELDS = {"input", "select", "textarea"}
# What an element refers to by id, one or several.
_REFERENCES = ("for", "form", "aria-describedby", "aria-labelledby", "aria-controls")


class Elements(HTMLParser):
    """All elements of a page, in their order; those of a `<template>` are no part of the document."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._templates = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._templates += tag == "template"
        if not self._templates:
            self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"


def wrong_in(page: str) -> Iterator[str]:
    elements = Elements(page).found
    ids = Counter(attributes["id"] for _, attributes in elements if "id" in attributes)
    yield from (f"two elements are #{one}" for one, count in ids.items() if count > 1)
    if sum("autofocus" in attributes for _, attributes in elements) > 1:
        yield "two elements take the focus"
    for place, (tag, attributes) in enumerate(elements):
        yield from (f"{tag} refers to no element: {one}" for one in _referred(attributes) if one not in ids)
        yield from (f"{tag} has {name}" for name in attributes if ":" in name or name.startswith("hx-"))
        if tag == "form" and attributes.get("role", "search") != "search":
            yield "a form has a role"
        if tag == "select" and "required" in attributes and elements[place + 1][1].get("value") != "":
            yield "a required select begins with no empty option"
        if tag in _FIELDS:
            yield from _wrong_autocomplete(tag, attributes)


def _referred(attributes: Attributes) -> Iterator[str]:
    return (one for name in _REFERENCES for one in attributes.get(name, "").split())


def _wrong_autocomplete(tag: str, attributes: Attributes) -> Iterator[str]:
    kind = attributes.get("type", "") if tag == "input" else tag
    token = attributes.get("autocomplete")
    if token is not None and kind not in _AUTOCOMPLETE[token]:
        yield f"autocomplete={token} on {kind}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_valid(language: str) -> None:
    wrong: list[str] = []
    for fragment in fragments():
        for state in states_of(fragment):
            values = {"idle_until": NOW, "signed_in": True, **state.values}
            with use_language(language):
                page = draw(templates, State(fragment, state.name, values))
            wrong += [f"{fragment} «{state.name}»: {one}" for one in wrong_in(page)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "page",
    [
        '<input type="tel" autocomplete="username">',
        '<input type="text" autocomplete="street-address">',
        "<select required><option value='1'>1</option></select>",
        '<p id="a"></p><p id="a"></p>',
        '<label for="nothing"></label>',
        '<input aria-describedby="conditions">',
        '<form role="alert"></form>',
        '<body data-hx-boost:inherited="true">',
        '<p hx-get="/"></p>',
        "<h1 autofocus></h1><input autofocus>",
    ],
)
def test_what_is_wrong_is_found(page: str) -> None:
    assert list(wrong_in(page))
