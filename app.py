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
from db.unavailable import DatabaseUnavailableError
from domain import consents, sessions
from domain.delivery.between_processes import announce_forever
from domain.delivery.gateways import open_gateways
from domain.delivery.receipts import write_forever
from domain.delivery.watch import watch_forever
from domain.delivery.worker import run_forever
from domain.housekeeping import sweep_forever
from domain.installation import UNUSABLE, error_line, load_settings, opened_installation
from domain.metrics import look_forever
from domain.portal import make_portal
from domain.registry.jobs import work_forever
from domain.scope import Scope
from domain.staff import sessions as staff_sessions
from domain.usage import flush, flush_forever
from routes import every_handler, handlers_of
from routes.access_log import Observed
from routes.application import Kabinet
from routes.assets import Assets
from routes.brand_check import made_up, require_brand
from routes.cli.backups import backup_command, restore_command
from routes.cli.check import check_command, overlay_command
from routes.cli.database import database_group
from routes.cli.delivery import delivery_group
from routes.cli.doctor import doctor_command
from routes.cli.journal import journal_group
from routes.cli.migrations import migrate_command
from routes.cli.registry import registry_group
from routes.cli.requests import requests_group
from routes.cli.secret import secret_group
from routes.cli.serving import run_command
from routes.cli.staff import staff_group
from routes.cli.texts import texts_command
from routes.client import client_of
from routes.cookies import STAFF
from routes.dev import development_handlers
from routes.dev.following import Following
from routes.error_pages import exception_handlers
from routes.health import Readiness
from routes.health import handlers as health_handlers
from routes.kept_pages import KeptPages
from routes.legal import legal_texts
from routes.logs import logging_config
from routes.message_texts import MessageTexts
from routes.metrics import served_metrics
from routes.origin import SameOriginOnly
from routes.own_path import links_among
from routes.page import Page
from routes.slips import SlipError
from routes.sources import sources
from routes.staff.desk import Desk
from routes.supervisor import supervised
from routes.templates import Templates
from routes.uploads import STREAMED
from routes.usage import steps_among
from settings import Settings, SettingsError

Clock = Callable[[], datetime]


class Served(Observed, Kabinet):
    """The portal as it is served: what `Kabinet` refuses early is logged too."""


class Commands(CLIPluginProtocol):
    """The portal's own commands: docs/architecture.md, `routes/cli/`."""

    def on_cli_init(self, cli: Group) -> None:
        cli.add_command(run_command)
        cli.add_command(registry_group)
        cli.add_command(delivery_group)
        cli.add_command(requests_group)
        cli.add_command(staff_group)
        cli.add_command(journal_group)
        cli.add_command(texts_command)
        cli.add_command(check_command)
        cli.add_command(overlay_command)
        cli.add_command(backup_command)
        cli.add_command(restore_command)
        cli.add_command(database_group)
        cli.add_command(migrate_command)
        cli.add_command(doctor_command)
        cli.add_command(secret_group)


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Served:
    """The portal. Without `settings` they are read from the environment; a wrong one ends the program."""
    if settings is None:
        try:
            settings = load_settings()
        except SettingsError as error:
            sys.exit(str(error))
    clock = clock or DatabaseClock()
    files = sources(watch=not settings.production, own=settings.templates)
    try:
        assets = Assets(files)
        templates = Templates(settings.zone, assets, files)
        messages = MessageTexts(files, settings.public_url)
        require_brand(templates, messages, settings)
    except SlipError as error:
        sys.exit(str(error))
    handlers = handlers_of(settings)

    return Served(
        settings,
        templates,
        KeptPages(handlers, files, production=settings.production),
        Following(settings, files),
        route_handlers=[
            *handlers,
            *development_handlers(settings),
            *health_handlers,
            asgi("/static", is_mount=True, copy_scope=True)(assets.serve),
        ],
        dependencies={
            "page": Provide(_page_maker(settings, templates, clock)),
            "desk": Provide(_desk_maker(settings, templates, clock)),
        },
        middleware=[SameOriginOnly(settings.origin)],
        exception_handlers=exception_handlers(templates, settings),
        request_max_body_size=settings.body_bytes,
        lifespan=[_lifespan(settings, clock, templates, [*templates.files, *assets.files])],
        logging_config=logging_config(settings.log_level, production=settings.production),
        openapi_config=None,
        plugins=[Commands()],
        # Also those of a track that is off: links sent while it was on are still in mailboxes.
        state=State(
            {
                "links": links_among(every_handler()),
                "steps": steps_among(every_handler()),
                "messages": messages,
                "assets": assets,
                "sources": files,
            }
        ),
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


def _desk_maker(
    settings: Settings, templates: Templates, clock: Clock
) -> Callable[[Request[Any, Any, Any]], Awaitable[Desk]]:
    """The same for the staff, whose sessions are others."""

    async def make_desk(request: Request[Any, Any, Any]) -> Desk:
        if request.method == "POST" and not request.route_handler.opt.get(STREAMED):
            await request.body()
        scope = Scope(request.app.state.portal, client_of(request, settings, STAFF), clock())
        return Desk(Page(request, scope, templates, None), await staff_sessions.resume(scope))

    return make_desk


def _lifespan(
    settings: Settings, clock: Clock, templates: Templates, files: Sequence[Path]
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def run(app: Litestar) -> AsyncIterator[None]:
        # Made here and not in create_app: a forked worker needs memory and an event loop of its own.
        portal = app.state.portal = make_portal(settings)
        app.state.readiness = Readiness(files)
        for slip in made_up(templates) if settings.production else ():
            logging.getLogger("kabinet.start").warning("%s", slip)
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(opened_installation(settings))
                if isinstance(clock, DatabaseClock):
                    await clock.set()
                await consents.keep_texts(legal_texts(templates), clock())
            except UNUSABLE as error:
                logging.getLogger("kabinet.start").critical("%s", error_line(error))
                raise SystemExit(1) from None
            stack.enter_context(served_metrics(settings))
            tasks = [
                asyncio.create_task(work)
                for work in (
                    sweep_forever(portal, clock),
                    write_forever(portal, clock),
                    work_forever(portal, clock),
                    flush_forever(portal, clock),
                )
            ]
            if isinstance(clock, DatabaseClock):
                tasks.append(asyncio.create_task(clock.keep_set()))
            if settings.metrics:
                tasks.append(asyncio.create_task(look_forever(clock)))
            if settings.delivery == "inside":
                gateways = await stack.enter_async_context(open_gateways(portal))
                tasks.append(asyncio.create_task(run_forever(portal, gateways, app.state.messages, clock)))
            else:
                gateways = {}
                tasks.append(asyncio.create_task(announce_forever(portal)))
            tasks.append(asyncio.create_task(watch_forever(portal, gateways, clock)))
            try:
                async with supervised():
                    yield
            finally:
                assert isinstance(app, Served)
                await app.idle()
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                with contextlib.suppress(DatabaseUnavailableError):
                    await flush(portal, clock())

    return run
