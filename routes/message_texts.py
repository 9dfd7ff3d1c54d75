"""The words of every message, from `templates/messages/<name>/`, for the delivery worker and /dev."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape

from domain.delivery.channels.channel import Rendered
from routes import formatting
from routes.brand import brand
from routes.catalogue import Catalogue, use_language
from routes.translated import Translated, in_every_language

MESSAGES_DIRECTORY = Path(__file__).resolve().parent.parent / "templates" / "messages"


class MessageTexts:
    """Call it as the worker's `render`. `directory` holds a folder for each message.

    A folder has `sms.txt`, or `subject.txt`, `email.txt` and `email.html`. A name that a template uses and the
    message does not have raises jinja2.UndefinedError.
    """

    def __init__(self, directory: Path = MESSAGES_DIRECTORY) -> None:
        self._directory = directory
        self._catalogue = Catalogue(reload=True)
        self._environment = in_every_language(self._made)

    def _made(self, language: str) -> Translated:
        environment = Translated(
            language,
            self._catalogue,
            loader=FileSystemLoader(self._directory),
            autoescape=select_autoescape(("html",), default=False, default_for_string=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"moment": formatting.moment, "lasting": formatting.lasting}
        environment.globals["greeting"] = self._greeting
        return environment

    def __call__(self, name: str, values: Mapping[str, Any], language: str = "ru") -> Rendered:
        with use_language(language):
            return self._rendered(name, values)

    def _rendered(self, name: str, values: Mapping[str, Any]) -> Rendered:
        if (self._directory / name / "sms.txt").is_file():
            return Rendered(self._words(f"{name}/sms.txt", values))
        return Rendered(
            text=self._words(f"{name}/email.txt", values) + "\n",
            subject=self._words(f"{name}/subject.txt", values),
            html=self._words(f"{name}/email.html", values) + "\n",
        )

    def _greeting(self, first_name: str = "") -> str:
        # Rendered, not imported as a macro: its text, with the name in it, would count as safe HTML.
        return self._words("greeting.txt", {"first_name": first_name})

    def _words(self, template: str, values: Mapping[str, Any]) -> str:
        text = self._environment().get_template(template).render(values, brand=brand())
        return "\n".join(line.rstrip() for line in text.split("\n")).strip()
