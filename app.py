"""Wiring only: settings, engine, middleware, routes, delivery worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

from click import Group
from litestar import Litestar, Request, asgi
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.plugins import CLIPluginProtocol

from db.clock import DatabaseClock
from db.engine import make_engine, opened
from db.migrate import migrate
from domain import sessions
from domain.channels import open_channels
from domain.delivery_worker import run_forever
from domain.housekeeping import sweep_forever
from domain.portal import Portal, make_portal
from routes import handlers_of
from routes.application import Kabinet
from routes.assets import Assets
from routes.caller import caller_of
from routes.cli.delivery import delivery_group
from routes.cli.registry import registry_group
from routes.cli.requests import requests_group
from routes.cli.texts import texts_command
from routes.dev import development_handlers
from routes.faults import exception_handlers
from routes.headers import security_headers
from routes.language import language_headers
from routes.logs import logging_config
from routes.message_texts import MessageTexts
from routes.origin import SameOriginOnly
from routes.page import Page
from routes.templates import Templates
from settings import Settings, SettingsError, load

Clock = Callable[[], datetime]


class Commands(CLIPluginProtocol):
    """`litestar registry …`, `litestar delivery …`, `litestar requests …` and `litestar texts`."""

    def on_cli_init(self, cli: Group) -> None:
        cli.add_command(registry_group)
        cli.add_command(delivery_group)
        cli.add_command(requests_group)
        cli.add_command(texts_command)


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Litestar:
    """The portal. Without `settings` they are read from the environment; a wrong one ends the program."""
    # uvicorn believes X-Forwarded-For of every peer on loopback by itself; here KABINET_TRUSTED_PROXIES says
    # whom to believe (routes/caller.py). `litestar run` makes the app before the server, so this comes in time.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    if settings is None:
        try:
            settings = load()
        except SettingsError as error:
            sys.exit(str(error))
    portal = make_portal(settings)
    clock = clock or DatabaseClock()
    developing = not settings.production
    assets = Assets(reload=developing)
    templates = Templates(settings.zone, assets, reload=developing)

    return Kabinet(
        settings,
        route_handlers=[
            *handlers_of(settings),
            *development_handlers(settings),
            asgi("/static", is_mount=True, copy_scope=True)(assets.serve),
        ],
        dependencies={"page": Provide(_page_maker(portal, templates, clock))},
        middleware=[SameOriginOnly(settings.origin)],
        exception_handlers=exception_handlers(templates),
        before_send=[security_headers(production=settings.production), language_headers],
        compression_config=CompressionConfig(backend="brotli", brotli_gzip_fallback=True, exclude=["^/static"]),
        request_max_body_size=settings.body_bytes,
        lifespan=[_lifespan(portal, clock)],
        logging_config=logging_config(),
        openapi_config=None,
        plugins=[Commands()],
    )


def _page_maker(
    portal: Portal, templates: Templates, clock: Clock
) -> Callable[[Request[Any, Any, Any]], Awaitable[Page]]:
    async def make_page(request: Request[Any, Any, Any]) -> Page:
        if request.method == "POST":
            await request.body()  # the limit of the body holds whether or not a handler reads a form
        now = clock()
        caller = caller_of(request, portal.settings)
        visit = await sessions.resume(portal, caller, now)
        return Page(request, portal, templates, caller, visit, now)

    return make_page


def _lifespan(portal: Portal, clock: Clock) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def run(_: Litestar) -> AsyncIterator[None]:
        settings = portal.settings
        async with opened(make_engine(settings.database)) as engine, contextlib.AsyncExitStack() as stack:
            if settings.migrate == "on":
                await migrate(engine)
            tasks = [asyncio.create_task(sweep_forever(clock))]
            if isinstance(clock, DatabaseClock):
                await clock.set()
                tasks.append(asyncio.create_task(clock.keep_set()))
            if settings.delivery == "inside":
                channels = await stack.enter_async_context(open_channels(settings))
                tasks.append(asyncio.create_task(run_forever(portal, channels, MessageTexts(), clock)))
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    return run
