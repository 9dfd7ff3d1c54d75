"""Every text of the templates with its translation, for the check and the gallery."""

from __future__ import annotations

from collections.abc import Iterator

from babel.messages.catalog import Message

from routes.catalogue import Catalogue
from routes.changed_texts import Found, first_of, former_texts, found_texts, key_of, strings_of
from routes.design import Design
from routes.slips import Slip


def texts_to_check(design: Design, language: str) -> Iterator[Slip]:
    """Texts that were changed after they were translated, each with the translation that is still shown."""
    for one, entry, changed in translated_texts(design, language):
        if entry is not None and changed:
            said = f"«{first_of(one.text)}»: проверьте перевод ({language}): «{next(strings_of(entry))}»"
            yield Slip(design.shown(design.template(one.file)), one.line, said)


def translated_texts(design: Design, language: str) -> Iterator[tuple[Found, Message | None, bool]]:
    """Every text with its entry, and whether the text has been changed since."""
    entries, found = Catalogue(design).entries(language), found_texts(design)
    former = former_texts(found, entries)
    known = {key_of(entry): entry for entry in entries if entry.id and any(strings_of(entry))}
    for one in found:
        entry = known.get(one.key)
        yield one, entry or former.get(one.key), entry is None or entry.fuzzy
