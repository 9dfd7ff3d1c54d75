"""How many branches of the templates some state takes: each `{% if %}` both ways, or it is said why not.

Every state is drawn for it, which takes seconds: it is counted when somebody asks, and by tests/test_branches.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from domain.delivery.messages import MESSAGES
from routes.catalogue import use_language
from routes.dev.gallery import draw
from routes.dev.message_states import message_states_of
from routes.dev.states import fragments, states_of
from routes.message_texts import MessageTexts
from routes.sources import Sources
from routes.templates import Templates
from routes.translated import Translated

_IF = re.compile(r"\{%-?\s*(?:el)?if\s+(.*?)\s*-?%\}", re.DOTALL)
_MESSAGES = "messages/"
# What no state can show, with the reason that the gallery tells; tests/routes/test_third_language.py adds the language.
NEVER = {
    ("partials/language.html", "others | length > 1"): "у портала два языка; третий добавляет тест",
    ("page.html", 'signed_in and path.startswith("/profile")'): "политика галереи не дает загрузить манифест",
}


@dataclass(frozen=True)
class Condition:
    """An `{% if %}`; `ways` are those that it went in some state."""

    template: str
    line: int
    text: str
    ways: frozenset[bool]

    @property
    def reason(self) -> str:
        """Why no state takes both."""
        return NEVER.get((self.template, self.text), "")

    @property
    def is_open(self) -> bool:
        return len(self.ways) < 2

    def __str__(self) -> str:
        way = "true" if True not in self.ways else "false"
        return f"{self.template}:{self.line}: {{% if {self.text} %}} is never {way}"


@dataclass(frozen=True)
class Count:
    """Of one fragment, message or shared piece; of all of them, `of` is empty."""

    of: str
    states: int
    conditions: Sequence[Condition]

    @property
    def all(self) -> int:
        return 2 * len(self.conditions)

    @property
    def taken(self) -> int:
        return sum(len(condition.ways) for condition in self.conditions)

    @property
    def explained(self) -> Sequence[Condition]:
        return [condition for condition in self.conditions if condition.is_open and condition.reason]

    @property
    def missing(self) -> Sequence[Condition]:
        return [condition for condition in self.conditions if condition.is_open and not condition.reason]


@dataclass(frozen=True)
class Counted:
    """`states` by the name of their fragment or message."""

    states: dict[str, int]
    conditions: Sequence[Condition]

    @cached_property
    def whole(self) -> Count:
        return Count("", sum(self.states.values()), self.conditions)

    @cached_property
    def parts(self) -> dict[str, Count]:
        """By name: fragments and messages, and then what they share, by its file."""
        found: dict[str, list[Condition]] = {name: [] for name in self.states}
        for condition in self.conditions:
            found.setdefault(self._owner(condition.template), []).append(condition)
        return {name: Count(name, self.states.get(name, 0), conditions) for name, conditions in found.items()}

    def _owner(self, template: str) -> str:
        message = template.removeprefix(_MESSAGES).partition("/")[0]
        fragment = template.removeprefix("partials/").removesuffix(".html")
        owner = message if template.startswith(_MESSAGES) else fragment
        return owner if owner in self.states else template


class _Asking(Translated):
    """Asks of each condition which way it goes; it stands where it stood."""

    def __init__(self, taken: dict[tuple[str, int, str], set[bool]], folder: str, *arguments: Any, **options: Any):
        self._taken, self._folder = taken, folder
        super().__init__(*arguments, **options)
        self.globals["branch_"] = self._branch

    def _branch(self, value: Any, name: str, line: int, condition: str) -> bool:
        self._taken[name, line, condition].add(bool(value))
        return bool(value)

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        file = f"{self._folder}{name}"

        def asked(found: re.Match[str]) -> str:
            line, condition = source[: found.start()].count("\n") + 1, " ".join(found[1].split())
            self._taken[file, line, condition] |= set()
            known = f"branch_(({found[1]}), {file!r}, {line}, {condition!r})"
            return found[0].replace(found[1], known, 1)

        return _IF.sub(asked, super().preprocess(source, name, filename))


def count_branches(zone: ZoneInfo, files: Sources) -> Counted:
    """Draws every state in every language. Raises what a slip in a template or in a file of states raises."""
    taken: defaultdict[tuple[str, int, str], set[bool]] = defaultdict(set)
    templates = Templates(zone, lambda name: f"/static/{name}", files, partial(_Asking, taken, ""))
    messages = MessageTexts(files, make=partial(_Asking, taken, _MESSAGES))
    of_fragments = {fragment: states_of(fragment, files.design) for fragment in fragments(files.design)}
    of_messages = {message.name: message_states_of(message.name, files.design) for message in MESSAGES}
    for language in templates.languages:
        with use_language(language):
            for state in (state for states in of_fragments.values() for state in states):
                for layout in ("page.html", "fragment.html"):
                    draw(templates, state, layout)
        for told in (told for states in of_messages.values() for told in states):
            messages(told.message, told.values, language)
    states = {name: len(states) for name, states in of_fragments.items()}
    states |= {name: len(states) for name, states in of_messages.items()}
    conditions = [Condition(*where, frozenset(ways)) for where, ways in sorted(taken.items())]
    return Counted(states, conditions)
