"""Which Russian texts have been changed since they were translated: their translation stays until it was looked at.

The catalogue notes for each text in which templates it stands. A template that lacks one of them and has a new text
instead has changed it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message

from routes.design import Design
from routes.extraction import texts_of

Text = str | tuple[str, ...] | list[str]
Key = tuple[str, str | None]
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
# How alike two texts must be (difflib's ratio), and how much of it counts as given within one template.
_ALIKE, _IN_ONE_FILE, _ALONE_IN_IT = 0.6, 0.4, 0.6


class Found(NamedTuple):
    """A text where it stands; `file` is the name of the template."""

    file: str
    line: int
    text: Text
    context: str | None

    @property
    def key(self) -> Key:
        return first_of(self.text), self.context


def first_of(text: Text) -> str:
    return text if isinstance(text, str) else text[0]


def key_of(message: Message) -> Key:
    return first_of(message.id), message.context


def found_texts(design: Design) -> list[Found]:
    """Every text of every template, in the order of the files."""
    templates = {**design.find("*.html"), **design.find("*.txt")}
    return [
        Found(name, line, text, context)
        for name, path in sorted(templates.items())
        for line, text, context in _read(path, path.stat().st_mtime_ns)
    ]


@lru_cache(maxsize=1024)
def _read(path: Path, _modified: int) -> Sequence[tuple[int, Text, str | None]]:
    return list(texts_of(path))


def former_texts(found: Sequence[Found], catalogue: Catalog) -> dict[Key, Message]:
    """For a text that the catalogue does not know: the entry of what it was before, where there is one."""
    known = {key_of(message): message for message in catalogue if message.id}
    now: dict[str, set[Key]] = defaultdict(set)
    for one in found:
        now[one.file].add(one.key)
    everywhere = {one.key for one in found}
    lost: dict[str, list[Message]] = defaultdict(list)
    gone = []
    for key, message in known.items():
        if not _is_translated(message):
            continue
        if key not in everywhere:
            gone.append(message)
        for file, _ in message.locations:
            if key not in now[file.removeprefix("templates/")]:
                lost[file.removeprefix("templates/")].append(message)
    new = [one for one in {one.key: one for one in found}.values() if one.key not in known]
    return _paired(new, lost, gone)


def _paired(new: Sequence[Found], lost: Mapping[str, Sequence[Message]], gone: Sequence[Message]) -> dict[Key, Message]:
    rated = []
    for one in new:
        here = lost.get(one.file, [])
        alone = len(here) == 1 and sum(other.file == one.file for other in new) == 1
        for message in {id(entry): entry for entry in [*here, *gone]}.values():
            if isinstance(message.id, str) == isinstance(one.text, str):
                given = 0.0 if message not in here else _ALONE_IN_IT if alone else _IN_ONE_FILE
                alike = SequenceMatcher(None, first_of(message.id), first_of(one.text)).ratio()
                if alike + given >= _ALIKE:
                    rated.append((alike + given, one.key, message))
    pairs: dict[Key, Message] = {}
    taken: set[int] = set()
    for _, key, message in sorted(rated, key=lambda one: -one[0]):
        if key not in pairs and id(message) not in taken:
            pairs[key] = message
            taken.add(id(message))
    return pairs


def fits(text: Text, said: Iterable[str]) -> bool:
    """Whether a translation names only what the text does: another name would be an error when it is drawn."""
    named = {name for one in ([text] if isinstance(text, str) else text) for name in _PLACEHOLDER.findall(one)}
    return all(set(_PLACEHOLDER.findall(one)) <= named for one in said)


def strings_of(message: Message) -> Iterator[str]:
    yield from [message.string] if isinstance(message.string, str) else message.string or ()


def _is_translated(message: Message) -> bool:
    return bool(message.string) and all(strings_of(message))
