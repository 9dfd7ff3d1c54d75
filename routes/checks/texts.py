"""Texts of the templates: those outside `_()`, and those that a change has parted from their translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from domain.delivery.messages import MESSAGES
from routes.changed_texts import first_of
from routes.design import Design
from routes.slips import Slip
from routes.translations import texts_to_check, translated_texts

_RUSSIAN = re.compile("[А-я]{2,}[А-я ,.:-]*")
# A piece of a template may begin within a tag.
_IN_RUSSIAN = re.compile(r'<(\w+)\b[^>]*\blang="ru"[^>]*>.*?(?:</\1>|$)|^[^<]*\blang="ru"[^>]*>[^<]*', re.DOTALL)
# Read by developers and by the staff, in Russian; and the consent, which is one text in each language.
_UNTRANSLATED = (
    "partials/dev/",
    "partials/legal/personal-data-",
    *(f"messages/{message.name}/" for message in MESSAGES if message.to_staff),
)


def text_slips(design: Design) -> Iterator[Slip]:
    yield from _untranslated(design)
    for name, path in {**design.find("*.html"), **design.find("*.txt")}.items():
        if not name.startswith(_UNTRANSLATED) and not name.endswith("bills-columns.txt"):
            yield from _outside(design.shown(path), path)


def _outside(shown: str, path: Path) -> Iterator[Slip]:
    """Words that stand in a template as they are: nobody can translate them."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=False).parse(path.read_text(encoding="utf-8"))  # noqa: S701
    for data in tree.find_all(nodes.TemplateData):
        # What is said to be Russian in every language is none of our texts; its lines count all the same.
        bare = _IN_RUSSIAN.sub(lambda said: "\n" * said[0].count("\n"), data.data)
        if found := _RUSSIAN.search(bare):
            line = data.lineno + bare[: found.start()].count("\n")
            yield Slip(shown, line, f"«{found[0].strip()}» stands outside _()")


def _untranslated(design: Design) -> Iterator[Slip]:
    for language in design.languages[1:]:
        yield from texts_to_check(design, language)
        for one, entry, _ in translated_texts(design, language):
            if entry is None:
                said = f"«{first_of(one.text)}» has no text in {language!r}"
                yield Slip(design.shown(design.template(one.file)), one.line, said)
