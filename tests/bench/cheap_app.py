"""The portal with cheap passwords: `litestar --app tests.bench.cheap_app:create_app run`."""

from __future__ import annotations

from litestar import Litestar

import app
from domain import passwords
from tests.bench.cheap_passwords import CHEAP


def create_app() -> Litestar:
    assert passwords._ARGON, "the hook has gone: passwords would be as dear as in production"
    passwords._ARGON = CHEAP
    return app.create_app()
