"""The worker, made to do what is due now and to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.delivery.channels.channel import Channel
from domain.delivery.gateways import Gateway, Gateways
from domain.delivery.sending import Render
from domain.delivery.worker import Worker
from domain.portal import Portal


def gateways_of(channels: Mapping[str, Sequence[Channel]]) -> Gateways:
    return {
        kind: [Gateway(f"{kind}-{number}", channel) for number, channel in enumerate(own, 1)]
        for kind, own in channels.items()
    }


async def deliver_due(portal: Portal, channels: Mapping[str, Sequence[Channel]], render: Render, now: datetime) -> int:
    """All that is due at `now`, by gateways that nothing is known of; how many messages were tried."""
    return await Worker(portal, gateways_of(channels), render, lambda: now).run_until_idle()
