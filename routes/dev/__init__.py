"""Pages that help to develop. They exist only where every message stays in the outbox, and for this machine alone."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from routes.dev import files, following, gallery, outbox, overview, seen
from routes.host import shows_nothing_real
from settings import Settings


def development_handlers(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """All of them, or none where anything real could be seen; routes/host.py says who may ask."""
    if not shows_nothing_real(settings):
        return []
    # What only counts and draws is not even loaded where customers are served.
    from routes.dev import counting

    return [
        *overview.handlers,
        *outbox.handlers,
        *gallery.handlers,
        *counting.handlers,
        *seen.handlers,
        *files.handlers,
        *following.handlers,
    ]
