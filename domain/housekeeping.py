"""Expired rows are removed once an hour, by every process: doing it twice does no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from db import (
    aged,
    captchas,
    cards,
    email_links,
    governor,
    importer,
    journal,
    one_time_codes,
    registry,
    sessions,
    staff,
    staff_sessions,
    throttles,
)
from db.engine import bound
from db.unhurried import unhurried
from domain.portal import Portal
from domain.registry import jobs
from domain.registry.account_losses import tell_losses
from domain.usage import forget_usage, roll_up
from settings import Settings

_EVERY = 3600.0
# A process that has just begun answers first, seconds.
_FIRST = 5.0
# Rows removed in one transaction, and the pause after it, seconds: others write in between.
_PORTION, _PAUSE = 500, 0.05
# How long an absent account that is attached to no customer is kept: a registration under way may have proved it.
_ABSENT_KEPT = timedelta(days=30)
_log = logging.getLogger("kabinet.housekeeping")


async def sweep(portal: Portal, now: datetime) -> None:
    with unhurried():
        for table in (
            sessions,
            one_time_codes,
            throttles,
            governor,
            email_links,
            captchas,
            cards,
            staff,
            staff_sessions,
        ):
            await table.sweep(now)
        await _forget_aged(portal.settings, now)
        # What an import that was killed has left.
        await importer.recover(bound())
        await tell_losses(portal, now)
        await jobs.sweep(now)
        await _in_portions(lambda: roll_up(portal.settings.zone, now))
        await _in_portions(lambda: forget_usage(now, _PORTION))
        await _in_portions(lambda: registry.forget_absent(now - _ABSENT_KEPT, _PORTION))
    if not await bound().truncate_log():
        _log.info("the -wal file is in use; it is emptied with the next sweep")


async def _forget_aged(settings: Settings, now: datetime) -> None:
    """What has been kept for as long as the settings say."""
    journal_end = now - timedelta(days=settings.journal_days)
    outbox_end, requests_end = now - timedelta(days=settings.outbox_days), now - timedelta(days=settings.request_days)
    today = now.astimezone(settings.zone)
    year, month = divmod(today.year * 12 + today.month - 1 - settings.bill_periods, 12)
    await _in_portions(lambda: journal.forget(journal_end, _PORTION))
    await _in_portions(lambda: aged.forget_imports(journal_end, _PORTION))
    await _in_portions(lambda: aged.forget_messages(outbox_end, _PORTION))
    await _in_portions(lambda: aged.forget_requests(requests_end, _PORTION))
    await _in_portions(lambda: aged.forget_bills(f"{year:04d}-{month + 1:02d}", _PORTION))


async def _in_portions(remove: Callable[[], Awaitable[bool]]) -> None:
    more = True
    while more:
        more = await remove()
        await asyncio.sleep(_PAUSE if more else 0)


async def sweep_forever(
    portal: Portal, clock: Callable[[], datetime], every: float = _EVERY, first: float = _FIRST
) -> None:
    """Goes on after any error, and logs one that repeats only once until a sweep has succeeded."""
    said = ""
    await asyncio.sleep(first)
    while True:
        try:
            await sweep(portal, clock())
            said = ""
        except Exception as error:  # noqa: BLE001 - nothing may end the loop; the error is logged
            if type(error).__name__ != said:
                said = type(error).__name__
                _log.error("not swept, trying again every %g s: %s", every, said)
        await asyncio.sleep(every)
