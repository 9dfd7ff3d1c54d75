"""Every `{% if %}` of every template is taken both ways by some state of the gallery, or it is said why not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment
from jinja2.ext import Extension

from domain.delivery.messages import MESSAGES
from routes.catalogue import use_language
from routes.dev.gallery import draw
from routes.dev.message_states import message_states_of
from routes.dev.states import fragments, states_of
from routes.message_texts import MessageTexts
from routes.sources import sources
from routes.templates import Templates
from routes.translated import Translated
from tests.languages import LANGUAGES

_IF = re.compile(r"\{%-?\s*(?:el)?if\s+(.*?)\s*-?%\}", re.DOTALL)
Branch = tuple[str, int, str]
# What no state can show, with the reason.
NEVER = {
    ("partials/language.html", "others | length > 1"): "the portal has two languages; test_third_language.py adds one",
    ("page.html", 'signed_in and path.startswith("/profile")'): "the policy of the gallery lets no manifest be loaded",
}


class Branches(Extension):
    """Asks of each condition which way it went; it stands where it stood."""

    taken: ClassVar[defaultdict[Branch, set[bool]]] = defaultdict(set)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["branch_"] = self.branch

    def branch(self, value: Any, name: str, line: int, condition: str) -> bool:
        self.taken[name, line, condition].add(bool(value))
        return bool(value)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        def asked(found: re.Match[str]) -> str:
            line, condition = source[: found.start()].count("\n") + 1, " ".join(found[1].split())
            self.taken[name or "", line, condition] |= set()
            known = f"branch_(({found[1]}), {name!r}, {line}, {condition!r})"
            return found[0].replace(found[1], known, 1)

        return _IF.sub(asked, source)


@pytest.fixture(scope="module")
def taken(monkeymodule: pytest.MonkeyPatch) -> dict[Branch, set[bool]]:
    known = Translated.__init__

    def asked(self: Translated, *arguments: Any, **options: Any) -> None:
        known(self, *arguments, **options)
        self.add_extension(Branches)

    monkeymodule.setattr(Translated, "__init__", asked)
    Branches.taken.clear()
    templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
    messages = MessageTexts()
    for language in LANGUAGES:
        with use_language(language):
            for fragment in fragments():
                for state in states_of(fragment):
                    for layout in ("page.html", "fragment.html"):
                        draw(templates, state, layout)
        for message in MESSAGES:
            for told in message_states_of(message.name):
                messages(message.name, told.values, language)
    return Branches.taken


@pytest.fixture(scope="module")
def monkeymodule() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_every_branch_is_taken_both_ways_by_some_state(taken: dict[Branch, set[bool]]) -> None:
    missing = [
        f"{name}:{line}: {{% if {condition} %}} is never {'true' if True not in ways else 'false'}"
        for (name, line, condition), ways in sorted(taken.items())
        if len(ways) < 2 and (name, condition) not in NEVER
    ]
    assert len(taken) > 100
    assert not missing, "\n".join(missing)


def test_no_reason_is_left_for_a_branch_that_is_shown(taken: dict[Branch, set[bool]]) -> None:
    open_ones = {(name, condition) for (name, _, condition), ways in taken.items() if len(ways) < 2}
    assert set(NEVER) - open_ones == set()
