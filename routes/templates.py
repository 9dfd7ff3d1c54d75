"""Jinja as the templates see it: filters, the shared pieces, and single blocks of a fragment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined

from domain.values.people import mask_email
from domain.values.phones import mask_phone, show_phone
from routes import formatting
from routes.bar_drawing import bars
from routes.brand import read_brand
from routes.catalogue import Catalogue, current
from routes.charts import parts
from routes.design import Design
from routes.markup_slips import Marked, markup_slips
from routes.slips import Slip
from routes.sources import Sources
from routes.translated import Translated, in_every_language

# Macros every fragment may call by name, from these files.
_PIECES = {
    "heading": "heading.html",
    "field": "field.html",
    "checkbox": "field.html",
    "select": "field.html",
    "text_area": "field.html",
    "code_field": "field.html",
    "bill_refusal": "bill_refusal.html",
    "code_window": "code.html",
    "waiting_button": "waiting_button.html",
    "captcha_field": "captcha_field.html",
    "sign_in_tabs": "tabs.html",
    "password_field": "password.html",
    "summary": "errors.html",
    "error_list": "errors.html",
    "error_text": "errors.html",
    "error_lines": "errors.html",
    "progress": "progress.html",
    "passkey_button": "staff/passkey.html",
    "chart": "staff/chart.html",
}

# The names of the fields: no text of theirs stands anywhere else.
_LABELS = "partials/labels.html"


class Templates:
    """The templates of the pages, compiled once for each language; `assets` turns `portal.css` into its address.

    When `sources` change, all of it is made anew. `make` makes the environment of a language.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        assets: Callable[[str], str],
        sources: Sources,
        make: Callable[..., Translated] = Translated,
    ) -> None:
        self._zone, self._assets, self._sources, self._make_environment = zone, assets, sources, make
        self._make()

    def _make(self) -> None:
        version = self._sources.version
        self._catalogue = Catalogue(self._sources.design)
        self.brand = read_brand(self._sources.design)
        self._environment = in_every_language(self._catalogue.languages, self._made)
        self._version = version

    def _made(self, language: str, marks: list[tuple[str, int]] | None = None) -> Translated:
        environment = self._make_environment(
            language,
            self._catalogue,
            constant={"asset": self._assets},
            values={"brand": self.brand.texts(language)},
            marks=marks,
            loader=FileSystemLoader(self.design.templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        zone = self._zone
        environment.filters |= {
            "amount": formatting.amount,
            "phone": show_phone,
            "masked_phone": mask_phone,
            "masked_email": mask_email,
            "with_names": lambda periods: [(period, formatting.period(period)) for period in periods],
            "clock": lambda at: _rounded_up(at, zone).strftime("%H:%M"),
            "day": lambda at: formatting.day(_rounded_up(at, zone)),
            # Of what has happened, or ends: never a minute too late.
            "past_clock": lambda at: at.astimezone(zone).strftime("%H:%M"),
            "past_day": lambda at: formatting.day(at.astimezone(zone)),
            "date": lambda at: at.astimezone(zone).strftime("%d.%m.%Y"),
            "period": formatting.period,
            "month": formatting.month,
            "bars": bars,
            "parts": parts,
            "lasting": formatting.lasting,
            "without_values": formatting.without_values,
            "country": formatting.country,
            "lower_first": _lower_first,
            "instant": lambda at: at.isoformat(),
            # For the script, which does not trust the clock of the customer's device.
            "seconds_after": lambda at, now: max(0, ceil((at - now).total_seconds())),
        }
        environment.knows("labels", environment.get_template(_LABELS).module.labels)  # type: ignore[attr-defined]
        for name, file in _PIECES.items():
            environment.globals[name] = piece(environment, f"partials/{file}", name)
        return environment

    @property
    def sources(self) -> Sources:
        """What it is made of, and whether that has changed."""
        return self._sources

    @property
    def design(self) -> Design:
        return self._sources.design

    def asset(self, name: str) -> str:
        """The address of a static file."""
        return self._assets(name)

    @property
    def version(self) -> int:
        """Another number after every change of a file."""
        return self._sources.version

    @property
    def environment(self) -> Translated:
        """In the language of the moment."""
        self._follow()
        return self._environment()

    @property
    def languages(self) -> Sequence[str]:
        """Of the files as they were when all of it was made last."""
        return self._catalogue.languages

    def _follow(self) -> None:
        if self._version != self._sources.version:
            self._make()

    @property
    def files(self) -> list[Path]:
        """Every template there is now; whichever of them is gone later cannot be drawn."""
        kinds = {".html", ".txt", ".css", ".po", ".json", ".toml"}
        return [path for path in self.design.find("*").values() if path.suffix in kinds]

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self.environment.get_template(template).render(values)

    def markup_slips(self, html: str, template: str, values: Mapping[str, Any]) -> Sequence[Slip]:
        """What is wrong in the tags of a page that was made of `template` and `values`."""

        def draw_marked() -> Marked:
            marks: list[tuple[str, int]] = []
            return self._made(current(), marks).get_template(template).render(values), marks

        return markup_slips(html, self.design, template, draw_marked)

    def render_block(self, template: str, block: str, values: Mapping[str, Any]) -> str:
        """Only `{% block block %}` of a template."""
        found = self.environment.get_template(template)
        return "".join(found.blocks[block](found.new_context(dict(values))))


def piece(environment: Translated, file: str, name: str) -> Callable[..., str]:
    """The macro `name` of a template, under that name in all of them."""
    kept: Callable[..., str] | None = None

    def call(*arguments: Any, **keywords: Any) -> str:
        nonlocal kept
        # Not before it is needed: pieces use each other.
        kept = kept or getattr(environment.get_template(file).module, name)
        # It escapes its own output.
        return kept(*arguments, **keywords)

    return call


def _lower_first(text: str) -> str:
    """An error text behind "label: "; an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _rounded_up(at: datetime, zone: ZoneInfo) -> datetime:
    """To the next whole minute: who comes at the printed time must not be early."""
    local = at.astimezone(zone)
    return (
        local
        if local.second == local.microsecond == 0
        else local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    )
