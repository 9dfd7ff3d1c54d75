"""The words of every message, from `templates/messages/<name>/`, for the delivery worker and /dev."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.channels.channel import Rendered

MESSAGES_DIRECTORY = Path(__file__).resolve().parent.parent / "templates" / "messages"


class MessageTexts:
    """Callable as the worker's `render`. `directory` holds a folder a message.

    A folder has `sms.txt`, or `subject.txt`, `email.txt` and `email.html`. A name that a template uses and the
    message does not have raises jinja2.UndefinedError.
    """

    def __init__(self, directory: Path = MESSAGES_DIRECTORY) -> None:
        self._directory = directory
        self._environment = Environment(
            loader=FileSystemLoader(directory),
            autoescape=select_autoescape(("html",), default=False, default_for_string=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["plural"] = plural

    def __call__(self, name: str, values: Mapping[str, Any]) -> Rendered:
        if (self._directory / name / "sms.txt").is_file():
            return Rendered(self._words(f"{name}/sms.txt", values))
        return Rendered(
            text=self._words(f"{name}/email.txt", values) + "\n",
            subject=self._words(f"{name}/subject.txt", values),
            html=self._words(f"{name}/email.html", values) + "\n",
        )

    def _words(self, template: str, values: Mapping[str, Any]) -> str:
        text = self._environment.get_template(template).render(values)
        return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def plural(number: int, one: str, few: str, many: str) -> str:
    """The Russian form that goes with `number`: 1 день, 2 дня, 5 дней (Unicode CLDR plural rules, ru)."""
    if number % 10 == 1 and number % 100 != 11:
        return one
    if number % 10 in {2, 3, 4} and number % 100 not in {12, 13, 14}:
        return few
    return many
