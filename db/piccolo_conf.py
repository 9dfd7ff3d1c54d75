"""Where Piccolo's own command line and migrations look for the engine; `db.engine.bind` sets `DB`."""

from __future__ import annotations

from typing import Any

from piccolo.conf.apps import AppRegistry

DB: Any = None

APP_REGISTRY = AppRegistry(apps=["db.piccolo_app"])
