"""`litestar delivery run`: the outbox worker by itself, for `KABINET_DELIVERY=separate`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import click

from db.engine import make_engine, opened
from db.migrate import migrate
from domain.channels import open_channels
from domain.delivery_worker import run_forever
from domain.portal import make_portal
from routes.message_texts import MessageTexts
from settings import OUTBOX, Settings, SettingsError, load


@click.group("delivery")
def delivery_group() -> None:
    """Send what waits in the outbox."""


@delivery_group.command("run")
def run() -> None:
    """Deliver messages until SIGTERM or SIGINT."""
    try:
        settings = load()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if OUTBOX in settings.sms and settings.mail == OUTBOX:
        click.echo("KABINET_SMS and KABINET_MAIL are both outbox: there is nothing to deliver", err=True)
        sys.exit(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(_deliver_until_told(settings))


async def _deliver_until_told(settings: Settings) -> None:
    async with opened(make_engine(settings.database)) as engine:
        if settings.migrate == "on":
            await migrate(engine)
        async with open_channels(settings) as channels:
            worker = asyncio.create_task(run_forever(make_portal(settings), channels, MessageTexts()))
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, worker.cancel)
            logging.getLogger("kabinet.delivery").info("delivery runs")
            await asyncio.wait({worker})
