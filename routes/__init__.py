"""All handlers of the portal: those of every module below this folder that has `handlers`."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType

from litestar.handlers import HTTPRouteHandler

from settings import Settings

# What app.py adds: the commands, the pages for development, the answers for machines.
_ADDED_BY_APP = ("routes.cli", "routes.dev", "routes.health")


def handlers_of(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """Every handler of the portal; the registration of a track that is off does not exist."""
    return [handler for module in _modules() if _is_on(module, settings) for handler in module.handlers]


def every_handler() -> Sequence[HTTPRouteHandler]:
    """Those of all tracks, whichever are on."""
    return [handler for module in _modules() for handler in module.handlers]


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not found.name.startswith(_ADDED_BY_APP):
            module = import_module(found.name)
            if hasattr(module, "handlers"):
                yield module


def _is_on(module: ModuleType, settings: Settings) -> bool:
    """A module of `routes/registration/<track>/` belongs to that track; every other one is always on."""
    folder, _, track = module.__name__.rpartition(".")[0].rpartition(".")
    return folder != "routes.registration" or track in settings.tracks
