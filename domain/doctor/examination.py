"""Every part in turn, in the order in which one that fails explains the next."""

from __future__ import annotations

from collections.abc import AsyncIterator

from db.clock import DatabaseClock
from domain.doctor.database import look_at_database
from domain.doctor.finding import Finding
from domain.doctor.gateways import look_at_gateways
from domain.doctor.public_address import look_at_public_address
from domain.doctor.sender_dns import look_at_sender
from domain.doctor.settings_shown import look_at_settings
from settings import Settings


async def examine(settings: Settings, selector: str = "") -> AsyncIterator[tuple[str, Finding]]:
    """Findings as they come, each with the part that it belongs to. Nothing is changed and nothing sent."""
    for finding in look_at_settings(settings):
        yield "settings", finding
    async for finding in look_at_database(settings):
        yield "database", finding
    async for finding in look_at_gateways(settings):
        yield "gateways", finding
    async for finding in look_at_sender(settings, selector):
        yield "sender", finding
    # This machine's time, as the database need not answer.
    for finding in await look_at_public_address(settings, DatabaseClock()()):
        yield "address", finding
