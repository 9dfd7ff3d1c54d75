"""Portals that run in this process from one test to the next: starting one takes longer than most tests."""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app import Clock, Served, create_app
from db.engine import bind, bound
from domain.housekeeping import sweep_forever
from domain.portal import make_portal
from routes.assets import Assets
from routes.health import Readiness
from routes.message_texts import MessageTexts
from routes.templates import Templates
from settings import Settings

# So many run at once, each with connections of its own; so many are kept at rest.
_RUNNING, _MADE = 6, 40
# No test lasts as long; one would have its rows swept by chance, seconds.
_FIRST_SWEEP = 24 * 3600.0


# They hang on nothing that tests set but the time zone: compiled and compressed once.
_parts = {
    "app.Assets": functools.cache(Assets),
    "app.Templates": functools.cache(Templates),
    "app.MessageTexts": functools.cache(MessageTexts),
    "app.sweep_forever": functools.partial(sweep_forever, first=_FIRST_SWEEP),
}


@functools.lru_cache(_MADE)
def _made(settings: Settings, clock: Clock) -> Served:
    return create_app(settings, clock)


class RunningApp:
    """An app in its lifespan, which began and ends in a task of its own."""

    def __init__(self, app: Served) -> None:
        self.app = app
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._life = asyncio.create_task(self._live())

    async def _live(self) -> None:
        async with self.app.lifespan():
            self._engine = bound()
            self._up.set()
            await self._down.wait()

    async def started(self) -> None:
        """Raises what kept it from starting."""
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({self._life, up}, return_when=asyncio.FIRST_COMPLETED)
        if not self._up.is_set():
            up.cancel()
            await self._life

    def use(self) -> Served:
        """Its database is the one that is bound from now on; what it has counted and seen is forgotten."""
        bind(self._engine)
        state = self.app.state
        # Who writes receipts down runs on.
        state.portal = replace(make_portal(self.app.settings), arrivals=state.portal.arrivals)
        state.readiness = Readiness(state.readiness.files)
        return self.app

    async def stop(self) -> None:
        bind(self._engine)
        self._down.set()
        await self._life


class RunningApps:
    """The latest few, by their settings."""

    def __init__(self) -> None:
        self._running: OrderedDict[Settings, RunningApp] = OrderedDict()

    async def of(self, settings: Settings, clock: Clock) -> Served:
        running = self._running.pop(settings, None)
        if running is None:
            with pytest.MonkeyPatch.context() as patch:
                for name, part in _parts.items():
                    patch.setattr(name, part)
                running = RunningApp(_made(settings, clock))
                await running.started()
        self._running[settings] = running
        if len(self._running) > _RUNNING:
            await self._running.popitem(last=False)[1].stop()
        return running.use()

    async def stop(self) -> None:
        for running in self._running.values():
            await running.stop()


@pytest.fixture(scope="session")
async def running_apps() -> AsyncIterator[RunningApps]:
    apps = RunningApps()
    yield apps
    await apps.stop()
