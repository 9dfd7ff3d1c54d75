"""The channels that the settings name, open for as long as a worker runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from urllib.parse import urlsplit

from domain.delivery.channels.channel import Channel
from domain.delivery.channels.kannel import Kannel
from domain.delivery.channels.smtp import Smtp
from settings import OUTBOX, Settings

# Which channels a kind of message ("sms", "email") is tried on, in order. A kind that has none is not sent.
Channels = Mapping[str, Sequence[Channel]]

_BY_SCHEME: Mapping[str, Callable[[str, str], Channel]] = {
    "http+kannel": Kannel,
    "https+kannel": Kannel,
    "smtp": Smtp,
    "smtps": Smtp,
}


@contextlib.asynccontextmanager
async def open_channels(settings: Settings) -> AsyncIterator[Channels]:
    """The channels of each kind; none for a kind whose setting is `outbox:`."""
    named = {"sms": (settings.sms, settings.sms_from), "email": ((settings.mail,), settings.mail_from)}
    channels = {
        kind: [_BY_SCHEME[urlsplit(dsn).scheme](dsn, sender) for dsn in dsns if dsn != OUTBOX]
        for kind, (dsns, sender) in named.items()
    }
    try:
        yield channels
    finally:
        for channel in (*channels["sms"], *channels["email"]):
            await channel.close()
