"""The named states of every fragment, declared beside it in `<fragment>.states.json`.

A file says `{"with": values of all states, "states": {name: further values}}`. In the values
`"form": {"typed": {field: text}, "errors": {field: [codes]}, "pressed": button}` becomes a filled form: `"every"`
instead of the codes stands for all there are, `[code, 2]` instead of a code says that two tries are left, and the
button that was pressed keeps the focus. A text under a name that is `at` or ends in `_at` or `_until` becomes a time,
at any depth: `"+55 s"`, `"-2 h"` are counted from the moment at which the clock of every state stands. `"moment"` names
one of `MOMENTS`, which the browser shows by itself. `place`, the number of the step, is not written there: the journey
knows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from domain.refusals import Code, Refused
from domain.registration.progress import REGISTRATION
from routes.design import TEMPLATES, Design
from routes.forms import FilledForm
from routes.registration.account import FOLDER
from routes.slips import Slip, SlipError

S = TypeVar("S")
PARTIALS = TEMPLATES / "partials"
_OURS = Design()
_AT = datetime.fromisoformat("2026-09-15T14:32:00+03:00")
# When the states are looked at. The browser's clock stands still then, too (routes/dev/frozen.js).
NOW = datetime.fromisoformat("2026-09-15T14:31:18+03:00")
_RELATIVE = re.compile(r"([+-]\d+) (s|min|h|d)")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
# What the browser shows by itself: there is no connection; a button that was pressed waits.
MOMENTS = ("no-connection", "busy")


@dataclass(frozen=True)
class State:
    """`fragment` is its path without the ending; `values` are what the production template gets, as `written` tells."""

    fragment: str
    name: str
    values: dict[str, Any]
    moment: str = ""
    written: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        return any(self.values["form"].errors.values()) if "form" in self.values else False


def fragments(design: Design = _OURS) -> list[str]:
    """Every fragment: the templates that extend a layout."""
    found = design.find("*.html", "partials")
    partials = [name for name, path in found.items() if "{% extends layout %}" in path.read_text("utf-8")]
    return [name.removeprefix("partials/").removesuffix(".html") for name in partials]


def states_of(fragment: str, design: Design = _OURS) -> list[State]:
    """Empty where the fragment declares none, which a test forbids. Raises `SlipError` where they cannot be read."""
    return read_states(f"partials/{fragment}.states.json", design, partial(state_of, fragment))


def state_of(fragment: str, name: str, written: Mapping[str, Any]) -> State:
    """Raises ValueError, TypeError, KeyError or AttributeError where it cannot be read."""
    moment = written.get("moment", "")
    if moment and moment not in MOMENTS:
        raise ValueError(f"moment: {moment!r} is none of {', '.join(MOMENTS)}")
    values = {name: value for name, value in written.items() if name != "moment"}
    return State(fragment, name, _values(_place(fragment) | values), moment, written)


def read_states(file: str, design: Design, make: Callable[[str, Mapping[str, Any]], S]) -> list[S]:
    """What `make` makes of the name of each state and its values. Empty where there is no such file."""
    declared = design.template(file)
    if not declared.is_file():
        return []
    source, state = declared.read_text("utf-8"), ""
    try:
        content = json.loads(source)
        common: dict[str, Any] = content.get("with", {})
        states = []
        for state, own in content["states"].items():
            states.append(make(state, common | own))
    except json.JSONDecodeError as error:
        raise SlipError([Slip(design.shown(declared), error.lineno, f"is no JSON: {error.msg}")]) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        lines = (number for number, line in enumerate(source.splitlines(), 1) if state and f'"{state}": ' in line)
        told = f"the state {state!r}: {error}" if state else f"is no file of states: {error!r}"
        raise SlipError([Slip(design.shown(declared), next(lines, 0), told)]) from None
    return states


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
    return values | {"form": FilledForm("/dev/gallery", form.get("typed", {}), errors, pressed=form.get("pressed", ""))}


def _refused(field: str, written: str | list[Any]) -> Refused:
    code, left = (written, None) if isinstance(written, str) else written
    if code == Code.REQUIRED:
        # One that says neither a time nor a number.
        return Refused(Code(code), field)
    return Refused(Code(code), field, _AT, left, digits=6, countries=("RU", "BY"))


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_read(name, one) for one in value]
    if isinstance(value, dict):
        return {key: _read(key, one) for key, one in value.items()}
    return _time(value) if value and (name == "at" or name.endswith(("_at", "_until"))) else value


def _time(written: str) -> datetime:
    if relative := _RELATIVE.fullmatch(written):
        return NOW + timedelta(**{_UNITS[relative[2]]: int(relative[1])})
    return datetime.fromisoformat(written)


def declared_in(folder: Path) -> list[str]:
    """The fragments that have a file of states, whether or not they exist."""
    found = sorted(folder.rglob("*.states.json"))
    return [path.relative_to(folder).as_posix().removesuffix(".states.json") for path in found]
