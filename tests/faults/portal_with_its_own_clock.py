"""The portal on a machine whose clock is wrong by `TESTS_CLOCK_SECONDS`, and which goes by it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from litestar import Litestar

from app import create_app

_OFF = timedelta(seconds=float(os.environ.get("TESTS_CLOCK_SECONDS", "0")))


def create() -> Litestar:
    return create_app(clock=lambda: datetime.now(UTC) + _OFF)
