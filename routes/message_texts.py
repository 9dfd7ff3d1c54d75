"""The words of every message, from `templates/messages/<name>/`, for the delivery worker and /dev."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from css_inline import CSSInliner
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape

from domain.delivery.channels.channel import Rendered
from routes import formatting
from routes.assets import address_of, content_of
from routes.brand import read_brand
from routes.catalogue import Catalogue, use_language
from routes.contrast import email_colours
from routes.design import ORIGINAL
from routes.markup_slips import Marked, markup_slips
from routes.plain_text import plain_text
from routes.slips import Slip
from routes.sources import Sources, sources
from routes.templates import piece
from routes.tokens import THEMES
from routes.translated import Translated, in_every_language

_FOLDER = "messages"
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class MessageTexts:
    """Call it as the worker's `render`.

    The folder of a message in `templates/messages/` has `sms.txt`, `call.txt`, or `subject.txt` and `email.html`, from
    which the plain text is made too. A name that a template uses and the message does not have raises
    jinja2.UndefinedError.
    `public_url` is where a mail program finds the logo. When the sources change, all of it is made anew.
    """

    def __init__(
        self, files: Sources | None = None, public_url: str = "", make: Callable[..., Translated] = Translated
    ) -> None:
        self._sources, self._public_url, self._make_environment = files or sources(watch=False), public_url, make
        self._make()

    def _make(self) -> None:
        design, version = self._sources.design, self._sources.version
        self._catalogue, brand = Catalogue(design), read_brand(design)
        languages = self._catalogue.languages
        icon = address_of(brand.icon, content_of(brand.icon, design))
        shown = {"origin": self._public_url, "icon": f"{self._public_url}/static/{icon}"}
        colours: dict[str, Mapping[str, str]] = {theme: email_colours(design, brand, theme) for theme in THEMES}
        self._values = {language: {"brand": {**brand.texts(language), **shown}, **colours} for language in languages}
        self._environment = in_every_language(languages, lambda language: self._made(language, self._values[language]))
        # Looked for once: a hundred thousand messages may be waiting.
        self._only_texts: dict[str, str | None] = {}
        self._version = version

    def _made(
        self,
        language: str,
        values: Mapping[str, Mapping[str, str]],
        marks: list[tuple[str, int]] | None = None,
    ) -> Translated:
        environment = self._make_environment(
            language,
            self._catalogue,
            values=values,
            marks=marks,
            loader=FileSystemLoader([folder / _FOLDER for folder in self._sources.design.templates]),
            autoescape=select_autoescape(("html",), default=False, default_for_string=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters |= {"moment": formatting.moment, "lasting": formatting.lasting}
        environment.globals |= {"greeting": self._greeting, "button": piece(environment, "pieces.html", "button")}
        return environment

    def __call__(self, name: str, values: Mapping[str, Any], language: str = ORIGINAL) -> Rendered:
        self._follow()
        # One that was queued may be of a language that has been taken away since.
        with use_language(language if language in self._catalogue.languages else ORIGINAL):
            return self._rendered(name, values)

    def _follow(self) -> None:
        if self._version != self._sources.version:
            self._make()

    def markup_slips(self, name: str, values: Mapping[str, Any], language: str) -> Sequence[Slip]:
        """What is wrong in the tags of an e-mail; an SMS has none."""
        self._follow()
        template, design = f"{name}/email.html", self._sources.design

        def draw_marked() -> Marked:
            marks: list[tuple[str, int]] = []
            environment = self._made(language, self._values[language], marks)
            drawn = environment.get_template(template).render(values)
            return drawn, [(f"{_FOLDER}/{file}", line) for file, line in marks]

        if not design.template(f"{_FOLDER}/{template}").is_file():
            return []
        with use_language(language):
            # As it was written: what puts the styles into the elements closes every tag.
            html = self._environment().get_template(template).render(values)
            return markup_slips(html, design, f"{_FOLDER}/{template}", draw_marked)

    def _rendered(self, name: str, values: Mapping[str, Any]) -> Rendered:
        if (only := self._only_text(name)) is not None:
            return Rendered(self._words(only, values))
        html = self._words(f"{name}/email.html", values)
        return Rendered(
            text=plain_text(html),
            subject=self._words(f"{name}/subject.txt", values),
            html=_INLINER.inline(html) + "\n",
        )

    def _only_text(self, name: str) -> str | None:
        """The one template of an SMS or a call; None for an e-mail."""
        if name not in self._only_texts:
            templates = (f"{name}/{only}" for only in ("sms.txt", "call.txt"))
            design = self._sources.design
            self._only_texts[name] = next(
                (one for one in templates if design.template(f"{_FOLDER}/{one}").is_file()), None
            )
        return self._only_texts[name]

    def _greeting(self, first_name: str = "") -> str:
        # Rendered, not imported as a macro: its text, with the name in it, would count as safe HTML.
        return self._words("greeting.txt", {"first_name": first_name})

    def _words(self, template: str, values: Mapping[str, Any]) -> str:
        text = self._environment().get_template(template).render(values)
        return "\n".join(line.rstrip() for line in text.split("\n")).strip()
