"""The named states of every fragment, declared beside it in `<fragment>.states.json`.

A file says `{"with": values of all states, "states": {name: further values}}`. In the values
`"form": {"typed": {field: text}, "errors": {field: [codes]}}` becomes a filled form (`"every"` instead of the codes
stands for all there are, `[code, 2]` instead of a code says that two tries are left), and a text under a name that is
`at` or ends in `_at` becomes a time, at any depth. `place`, the number of the step, is not written there: the journey
knows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.refusals import Code, Refused
from domain.registration.progress import REGISTRATION
from routes.forms import FilledForm
from routes.registration.account import FOLDER
from routes.sources import TEMPLATES

PARTIALS = TEMPLATES / "partials"
_AT = datetime.fromisoformat("2026-09-15T14:32:00+03:00")


@dataclass(frozen=True)
class State:
    """`fragment` is its path without the ending; `values` are what the production template gets."""

    fragment: str
    name: str
    values: dict[str, Any]


def fragments() -> list[str]:
    """Every fragment: the templates that extend a layout."""
    found = [path for path in sorted(PARTIALS.rglob("*.html")) if "{% extends layout %}" in path.read_text("utf-8")]
    return [path.relative_to(PARTIALS).with_suffix("").as_posix() for path in found]


def states_of(fragment: str) -> list[State]:
    """Empty where the fragment declares none, which a test forbids."""
    declared = PARTIALS / f"{fragment}.states.json"
    if not declared.is_file():
        return []
    content = json.loads(declared.read_text("utf-8"))
    common: dict[str, Any] = _place(fragment) | content.get("with", {})
    return [State(fragment, name, _values(common | own)) for name, own in content["states"].items()]


def _place(fragment: str) -> dict[str, Any]:
    folder, _, slug = fragment.rpartition("/")
    return {"place": REGISTRATION.place(slug)} if folder == FOLDER and slug in REGISTRATION.slugs else {}


def _values(written: dict[str, Any]) -> dict[str, Any]:
    form = written.get("form", {})
    errors = {
        field: [_refused(field, code) for code in (Code if codes == "every" else codes)]
        for field, codes in form.get("errors", {}).items()
    }
    values = {name: _read(name, value) for name, value in written.items()}
    return values | {"form": FilledForm("/dev/gallery", form.get("typed", {}), errors)}


def _refused(field: str, written: str | list[Any]) -> Refused:
    code, left = (written, None) if isinstance(written, str) else written
    return Refused(Code(code), field, _AT, left, digits=6, countries=("RU", "BY"))


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_read(name, one) for one in value]
    if isinstance(value, dict):
        return {key: _read(key, one) for key, one in value.items()}
    return datetime.fromisoformat(value) if value and (name == "at" or name.endswith("_at")) else value


def declared_in(folder: Path) -> list[str]:
    """The fragments that have a file of states, whether or not they exist."""
    found = sorted(folder.rglob("*.states.json"))
    return [path.relative_to(folder).as_posix().removesuffix(".states.json") for path in found]
