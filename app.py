"""Wiring only: settings, engine, middleware, routes, delivery worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from click import Group
from litestar import Litestar, Request, asgi
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins import CLIPluginProtocol

from db.clock import DatabaseClock
from domain import sessions
from domain.delivery.between_processes import announce_forever
from domain.delivery.gateways import open_gateways
from domain.delivery.receipts import write_forever
from domain.delivery.worker import run_forever
from domain.housekeeping import sweep_forever
from domain.installation import UNUSABLE, error_line, load_settings, opened_installation
from domain.portal import make_portal
from domain.scope import Scope
from routes import every_handler, handlers_of
from routes.access_log import Observed
from routes.application import Kabinet
from routes.assets import Assets
from routes.cli.delivery import delivery_group
from routes.cli.registry import registry_group
from routes.cli.requests import requests_group
from routes.cli.serving import run_command
from routes.cli.texts import texts_command
from routes.client import client_of
from routes.dev import development_handlers
from routes.error_pages import exception_handlers
from routes.health import Readiness
from routes.health import handlers as health_handlers
from routes.kept_pages import KeptPages
from routes.logs import logging_config
from routes.message_texts import MessageTexts
from routes.origin import SameOriginOnly
from routes.own_path import links_among
from routes.page import Page
from routes.sources import sources
from routes.templates import Templates
from settings import Settings, SettingsError

Clock = Callable[[], datetime]


class Served(Observed, Kabinet):
    """The portal as it is served: what `Kabinet` refuses early is logged too."""


class Commands(CLIPluginProtocol):
    """`litestar run`, `… registry …`, `… delivery …`, `… requests …` and `… texts`."""

    def on_cli_init(self, cli: Group) -> None:
        cli.add_command(run_command)
        cli.add_command(registry_group)
        cli.add_command(delivery_group)
        cli.add_command(requests_group)
        cli.add_command(texts_command)


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Served:
    """The portal. Without `settings` they are read from the environment; a wrong one ends the program."""
    if settings is None:
        try:
            settings = load_settings()
        except SettingsError as error:
            sys.exit(str(error))
    clock = clock or DatabaseClock()
    files = sources(watch=not settings.production)
    assets = Assets(files)
    templates = Templates(settings.zone, assets, files)
    handlers = handlers_of(settings)

    return Served(
        settings,
        KeptPages(handlers, files, production=settings.production),
        route_handlers=[
            *handlers,
            *development_handlers(settings),
            *health_handlers,
            asgi("/static", is_mount=True, copy_scope=True)(assets.serve),
        ],
        dependencies={"page": Provide(_page_maker(settings, templates, clock))},
        middleware=[SameOriginOnly(settings.origin)],
        exception_handlers=exception_handlers(templates),
        request_max_body_size=settings.body_bytes,
        lifespan=[_lifespan(settings, clock, [*templates.files, *assets.files])],
        logging_config=logging_config(settings.log_level),
        openapi_config=None,
        plugins=[Commands()],
        # Also those of a track that is off: links sent while it was on are still in mailboxes.
        state=State({"links": links_among(every_handler())}),
        debug=False,
    )


def _page_maker(
    settings: Settings, templates: Templates, clock: Clock
) -> Callable[[Request[Any, Any, Any]], Awaitable[Page]]:
    async def make_page(request: Request[Any, Any, Any]) -> Page:
        if request.method == "POST":
            await request.body()  # enforces the limit of the body also where a handler reads no form
        scope = Scope(request.app.state.portal, client_of(request, settings), clock())
        return Page(request, scope, templates, await sessions.resume(scope))

    return make_page


def _lifespan(
    settings: Settings, clock: Clock, files: Sequence[Path]
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def run(app: Litestar) -> AsyncIterator[None]:
        # Made here and not in create_app: a forked worker needs memory and an event loop of its own.
        portal = app.state.portal = make_portal(settings)
        app.state.readiness = Readiness(files)
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(opened_installation(settings))
                if isinstance(clock, DatabaseClock):
                    await clock.set()
            except UNUSABLE as error:
                logging.getLogger("kabinet.start").critical("%s", error_line(error))
                raise SystemExit(1) from None
            tasks = [asyncio.create_task(work) for work in (sweep_forever(portal, clock), write_forever(portal, clock))]
            if isinstance(clock, DatabaseClock):
                tasks.append(asyncio.create_task(clock.keep_set()))
            if settings.delivery == "inside":
                gateways = await stack.enter_async_context(open_gateways(portal))
                tasks.append(asyncio.create_task(run_forever(portal, gateways, MessageTexts(), clock)))
            else:
                tasks.append(asyncio.create_task(announce_forever(portal)))
            try:
                yield
            finally:
                assert isinstance(app, Served)
                await app.idle()
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    return run
