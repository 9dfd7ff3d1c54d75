"""Jinja as the templates see it: filters, the shared pieces, and single blocks of a fragment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined

from domain.values.people import mask_email
from domain.values.phones import mask_phone, show_phone
from routes import formatting
from routes.bar_drawing import bars
from routes.brand import brand
from routes.catalogue import Catalogue
from routes.sources import TEMPLATES, Sources
from routes.translated import Translated, in_every_language

# Macros every fragment may call by name, from these files.
_PIECES = {
    "field": "field.html",
    "checkbox": "field.html",
    "select": "field.html",
    "text_area": "field.html",
    "code_field": "field.html",
    "bill_refusal": "bill_refusal.html",
    "code_window": "code.html",
    "captcha_field": "captcha_field.html",
    "sign_in_tabs": "tabs.html",
    "password_field": "password.html",
    "summary": "errors.html",
    "error_list": "errors.html",
    "error_text": "errors.html",
    "error_lines": "errors.html",
    "progress": "progress.html",
}


class Templates:
    """The templates of the pages, compiled once for each language; `assets` turns `portal.css` into its address.

    When `sources` change, all of it is made anew.
    """

    def __init__(self, zone: ZoneInfo, assets: Callable[[str], str], sources: Sources) -> None:
        self._zone, self._assets, self._sources = zone, assets, sources
        self._make()

    def _make(self) -> None:
        version = self._sources.version
        self._catalogue = Catalogue(reload=False)
        self._environment = in_every_language(self._made)
        self._version = version

    def _made(self, language: str) -> Translated:
        environment = Translated(
            language,
            self._catalogue,
            constant={"asset": self._assets},
            loader=FileSystemLoader(TEMPLATES),
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
            "period": formatting.period,
            "month": formatting.month,
            "bars": bars,
            "lasting": formatting.lasting,
            "country": formatting.country,
            "lower_first": _lower_first,
            "instant": lambda at: at.isoformat(),
        }
        environment.globals["brand"] = brand()
        for name, file in _PIECES.items():
            environment.globals[name] = _piece(environment, file, name)
        return environment

    @property
    def environment(self) -> Translated:
        """In the language of the moment."""
        if self._version != self._sources.version:
            self._make()
        return self._environment()

    @property
    def files(self) -> list[Path]:
        """Every template there is now; whichever of them is gone later cannot be drawn."""
        return sorted(
            path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt", ".po", ".json", ".toml"}
        )

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self.environment.get_template(template).render(values)

    def render_block(self, template: str, block: str, values: Mapping[str, Any]) -> str:
        """Only `{% block block %}` of a template."""
        found = self.environment.get_template(template)
        return "".join(found.blocks[block](found.new_context(dict(values))))


def _piece(environment: Translated, file: str, name: str) -> Callable[..., str]:
    """The macro `name` of a file in templates/partials."""
    kept: Callable[..., str] | None = None

    def call(*arguments: Any, **keywords: Any) -> str:
        nonlocal kept
        # Not before it is needed: pieces use each other.
        kept = kept or getattr(environment.get_template(f"partials/{file}").module, name)
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
