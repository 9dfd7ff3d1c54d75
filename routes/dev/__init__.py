"""Pages that help to develop. They do not exist in production."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from routes.dev import gallery, outbox, overview
from settings import Settings


def development_handlers(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """All of them, or none where the portal serves customers."""
    if settings.production:
        return []
    return [*overview.handlers, *outbox.handlers, *gallery.handlers]
