"""What `make check` asks of the designers' files: each slip in a line, with file and line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from routes.brand_check import brand_slips
from routes.checks.drawn import message_slips, state_slips
from routes.checks.sources import source_slips
from routes.checks.texts import text_slips
from routes.message_texts import MessageTexts
from routes.overlay import changes_beneath
from routes.slips import Slip
from routes.templates import Templates
from settings import Settings


def design_slips(templates: Templates, messages: MessageTexts, settings: Settings) -> Iterator[Slip]:
    """Those of the brand first; then of each file as it stands, as it is drawn, and of its texts."""
    broken = list(source_slips(templates))
    yield from broken
    # A template that cannot be read would be told again by everything that is drawn with it.
    if not broken:
        found = itertools.chain(
            brand_slips(templates, messages, settings),
            state_slips(templates),
            message_slips(messages, templates.design),
            text_slips(templates.design),
        )
        yield from dict.fromkeys(found)
    yield from changes_beneath(templates.design)
