"""The portal with little patience for slow clients, so that its tests need little."""

from __future__ import annotations

from litestar import Litestar

from app import create_app
from routes import access_log
from routes.cli import serving

serving._HEADERS_MS, access_log.BODY_SECONDS = 1_500, 3.0


def create() -> Litestar:
    return create_app()
