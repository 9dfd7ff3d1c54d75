"""The portal in another brand, for the gallery: those that lie in `examples/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from routes.assets import Assets
from routes.design import BRAND, TEMPLATES
from routes.message_texts import MessageTexts
from routes.sources import sources
from routes.templates import Templates
from settings import Settings

_EXAMPLES = TEMPLATES.parent / "examples"


@dataclass(frozen=True)
class Drawing:
    """What draws states and messages."""

    templates: Templates
    messages: MessageTexts


class Brands:
    """Call it with the name of a brand; the portal's own is the empty one."""

    def __init__(self, settings: Settings, own: Drawing, assets: Assets) -> None:
        self._settings, self._assets = settings, assets
        self._made = {"": own}

    @cached_property
    def names(self) -> list[str]:
        return ["", *sorted(path.parent.name for path in _EXAMPLES.glob(f"*/{BRAND}"))]

    def __call__(self, name: str) -> Drawing:
        if name not in self._made:
            files = sources(watch=True, own=_EXAMPLES / name)
            templates = Templates(self._settings.zone, Assets(files, beside=self._assets), files)
            self._made[name] = Drawing(templates, MessageTexts(files, self._settings.public_url))
        return self._made[name]
