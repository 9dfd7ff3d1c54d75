"""`litestar delivery …`: the worker by itself, for `KABINET_DELIVERY=separate`; and what an operator sees and does."""

from __future__ import annotations

import asyncio
import contextlib
import logging.config
import signal
from collections.abc import Mapping

import click

from db import outbox
from db.clock import DatabaseClock
from db.engine import Engine, transaction
from domain.delivery.between_processes import listen_forever
from domain.delivery.channels import CHANNELS, SETTING_OF, gateway_names, receipt_readers
from domain.delivery.figures import figures
from domain.delivery.gateways import open_gateways
from domain.delivery.operating import try_gateway
from domain.delivery.receipts import receipts_of, write_forever
from domain.delivery.watch import watch_forever
from domain.delivery.worker import run_forever
from domain.metrics import look_forever
from domain.portal import make_portal
from domain.scope import NOBODY, Scope
from domain.staff.delivery import names_of, note_change
from domain.values.people import read_email
from domain.values.phones import read_phone
from routes.cli.delivery_figures import print_status, print_trial
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database
from routes.logs import logging_settings
from routes.message_texts import MessageTexts
from routes.metrics import served_metrics
from routes.slips import SlipError
from routes.sources import sources
from routes.supervisor import supervised
from settings import OUTBOX, Settings


@click.group("delivery")
def delivery_group() -> None:
    """Send what waits in the outbox, and see how that goes."""


@delivery_group.command("run")
def run() -> None:
    """Deliver messages until SIGTERM or SIGINT."""
    settings = loaded_settings()
    if OUTBOX in settings.sms and settings.mail == OUTBOX:
        refuse("KABINET_SMS and KABINET_MAIL are both outbox: there is nothing to deliver")
    logging.config.dictConfig(logging_settings(settings.log_level, production=settings.production))

    async def work(_: Engine) -> None:
        await _deliver_until_told(settings)

    with served_metrics(settings):
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


@delivery_group.command("status")
def status() -> None:
    """What waits, how each gateway does today, and what the staff has been told is wrong."""
    settings = loaded_settings()

    async def work(_: Engine) -> None:
        now = await database_time()
        print_status(settings, await figures(make_portal(settings), now), now)

    run_with_database(settings, work)


@delivery_group.command("retry")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def retry(number: int) -> None:
    """Have message NUMBER tried at once, if it waits. What was settled is wiped, and cannot be sent again."""

    async def work(_: Engine) -> None:
        if await outbox.make_due(number, await database_time()):
            click.echo(f"Message {number} is tried at once")
            return
        state = await outbox.state_of(number)
        refuse(f"Message {number} does not wait: it is {state}" if state else f"There is no message {number}")

    run_with_database(loaded_settings(), work)


@delivery_group.command("hold")
@click.argument("gateway")
def hold(gateway: str) -> None:
    """Send nothing by GATEWAY until it is released. What waits goes by the others, or goes on waiting."""
    _hold(gateway, held=True)


@delivery_group.command("release")
@click.argument("gateway")
def release(gateway: str) -> None:
    """Send by GATEWAY again."""
    _hold(gateway, held=False)


def _hold(gateway: str, *, held: bool) -> None:
    settings = loaded_settings()
    names = names_of(settings)
    if gateway not in names:
        refuse(f"There is no gateway {gateway[:60]!r}; known: {', '.join(names) or 'none'}")

    async def work(_: Engine) -> None:
        scope = Scope(make_portal(settings), NOBODY, await database_time())
        async with transaction():
            await note_change(scope, gateway, None, "", held=held)
        click.echo(f"{gateway} is {'held' if held else 'released'}")

    run_with_database(settings, work)


@delivery_group.command("test")
@click.option("--sms", "phone", help="The number that gets an SMS by each gateway.")
@click.option("--mail", "email", help="The address that gets an e-mail.")
def test(phone: str | None, email: str | None) -> None:
    """Send one real message by each gateway, and say what came back. It costs what such a message costs."""
    settings = loaded_settings()
    to = {"sms": phone and read_phone(phone, settings.sms_countries), "email": email and read_email(email)}
    if not phone and not email:
        refuse("Write --sms +7…, --mail a@b, or both")
    for kind, typed in (("sms", phone), ("email", email)):
        if typed and not to[kind]:
            refuse(f"{typed[:60]!r} gets no message: no number or address of the kind that the portal sends to")
        if typed and not gateway_names(settings)[kind]:  # type: ignore[index]
            refuse(f"{'KABINET_SMS' if kind == 'sms' else 'KABINET_MAIL'} is outbox: there is nothing to try")
    well = True

    async def work(_: Engine) -> None:
        nonlocal well
        well = await _try_each(settings, {kind: str(one) for kind, one in to.items() if one})

    run_with_database(settings, work)
    raise SystemExit(0 if well else 1)


async def _try_each(settings: Settings, to: Mapping[str, str]) -> bool:
    """Whether every gateway has taken its message."""
    clock, portal, well = DatabaseClock(), make_portal(settings), True
    await clock.set()
    texts = _texts(settings)
    writing = asyncio.create_task(write_forever(portal, clock))
    async with open_gateways(portal) as opened:
        for kind, address in to.items():
            for gateway in opened[kind]:
                trial = await try_gateway(portal, gateway, kind, address, texts, clock)
                print_trial(trial)
                well = well and trial.failure is None
    writing.cancel()
    await asyncio.wait({writing})
    return well


def _texts(settings: Settings) -> MessageTexts:
    files = sources(watch=not settings.production, own=settings.templates)
    try:
        return MessageTexts(files, settings.public_url)
    except SlipError as error:
        refuse(str(error))


async def _deliver_until_told(settings: Settings) -> None:
    clock, portal = DatabaseClock(), make_portal(settings)
    await clock.set()
    async with open_gateways(portal) as gateways:
        works = [
            clock.keep_set(), listen_forever(portal), write_forever(portal, clock),
            watch_forever(portal, gateways, clock),
        ]  # fmt: skip
        if settings.metrics:
            works.append(look_forever(clock))
        beside = [asyncio.create_task(work) for work in works]
        worker = asyncio.create_task(run_forever(portal, gateways, _texts(settings), clock))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.cancel)
        logging.getLogger("kabinet.delivery").info("delivery runs")
        with contextlib.suppress(asyncio.CancelledError):
            async with supervised():
                await worker
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
