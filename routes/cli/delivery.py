"""`litestar delivery run`: the outbox worker by itself, for `KABINET_DELIVERY=separate`."""

from __future__ import annotations

import asyncio
import contextlib
import logging.config
import signal

import click

from db.clock import DatabaseClock
from db.engine import Engine
from domain.delivery.between_processes import listen_forever
from domain.delivery.channels import CHANNELS, SETTING_OF, receipt_readers
from domain.delivery.gateways import open_gateways
from domain.delivery.receipts import receipts_of, write_forever
from domain.delivery.worker import run_forever
from domain.portal import make_portal
from routes.cli.running import loaded_settings, refuse, run_with_database
from routes.logs import logging_settings
from routes.message_texts import MessageTexts
from settings import OUTBOX, Settings


@click.group("delivery")
def delivery_group() -> None:
    """Send what waits in the outbox."""


@delivery_group.command("run")
def run() -> None:
    """Deliver messages until SIGTERM or SIGINT."""
    settings = loaded_settings()
    if OUTBOX in settings.sms and settings.mail == OUTBOX:
        refuse("KABINET_SMS and KABINET_MAIL are both outbox: there is nothing to deliver")
    logging.config.dictConfig(logging_settings(settings.log_level))

    async def work(_: Engine) -> None:
        await _deliver_until_told(settings)

    run_with_database(settings, work)


@delivery_group.command("channels")
def channels() -> None:
    """Say how each channel is written in the settings, and what it needs."""
    for channel in CHANNELS:
        click.echo(f"{SETTING_OF[channel.kind]}: {channel.setup}\n")


@delivery_group.command("receipts")
def receipts() -> None:
    """Print the address that each gateway calls with its receipts. It is a secret."""
    portal = make_portal(loaded_settings())
    for name in receipt_readers(portal.settings):
        click.echo(f"{name}  {receipts_of(portal, name).address}")


async def _deliver_until_told(settings: Settings) -> None:
    clock, portal = DatabaseClock(), make_portal(settings)
    await clock.set()
    async with open_gateways(portal) as gateways:
        works = (clock.keep_set(), listen_forever(portal), write_forever(portal, clock))
        beside = [asyncio.create_task(work) for work in works]
        worker = asyncio.create_task(run_forever(portal, gateways, MessageTexts(), clock))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.cancel)
        logging.getLogger("kabinet.delivery").info("delivery runs")
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
