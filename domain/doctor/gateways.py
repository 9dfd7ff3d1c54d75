"""Gateways and the mail server: each is connected to and signed in at as for a message, and gets none."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

from domain.delivery.channels import SETTING_OF, configured
from domain.delivery.channels.channel import ConfiguredChannel, DeliveryFailed, Kind
from domain.doctor.finding import Finding, green, red
from settings import Settings

# Longer than a gateway that works takes, shorter than monitoring waits, seconds.
_LONGEST = 20.0


async def look_at_gateways(settings: Settings) -> AsyncIterator[Finding]:
    """All at once, told in the order of the settings."""
    channels = [
        (kind, name, channel) for kind, named in configured(settings).items() for name, channel in named.items()
    ]
    looks = [asyncio.create_task(_look(*each)) for each in channels]
    for look in looks:
        yield await look


async def _look(kind: Kind, name: str, channel: ConfiguredChannel) -> Finding:
    try:
        async with asyncio.timeout(_LONGEST):
            return green(name, await channel.look())
    except DeliveryFailed as failure:
        return red(name, failure.reason, _advice(kind, failure))
    except (OSError, TimeoutError):
        return red(name, f"does not answer within {math.ceil(_LONGEST)} s", f"check {SETTING_OF[kind]} and the network")
    finally:
        await channel.close()


def _advice(kind: Kind, failure: DeliveryFailed) -> str:
    if failure.operator:
        return f"correct {SETTING_OF[kind]} or the account there: litestar delivery channels"
    return f"check {SETTING_OF[kind]}, the network, and the other side"
