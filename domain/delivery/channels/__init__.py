"""All channels, and those named in the settings, which are open as long as a worker runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import urlsplit

from domain.delivery.channels.channel import Channel, ConfiguredChannel, Kind
from domain.delivery.channels.kannel import Kannel
from domain.delivery.channels.smtp import Smtp
from settings import OUTBOX, Settings, SettingsError, address_parts, written_host

# A new channel has its file and its line here.
CHANNELS: tuple[type[ConfiguredChannel], ...] = (
    Kannel,
    Smtp,
)
# Which channels a kind of message ("sms", "email") is tried on, in order. A kind that has none is not sent.
Channels = Mapping[str, Sequence[Channel]]
# The setting that names the channels of a kind.
SETTING_OF: Mapping[Kind, str] = {"sms": "KABINET_SMS", "email": "KABINET_MAIL"}


def check_channels(settings: Settings) -> None:
    """Raise `SettingsError` for an address that no channel can use."""
    for kind in SETTING_OF:
        for address in _addresses(settings, kind):
            try:
                _check(kind, address, production=settings.production)
            except ValueError as error:
                raise SettingsError(f"{SETTING_OF[kind]}: {error}") from None


@contextlib.asynccontextmanager
async def open_channels(settings: Settings) -> AsyncIterator[Channels]:
    """The channels of each kind; none for a kind whose setting is `outbox:`."""
    sender = {"sms": settings.sms_from, "email": settings.mail_from}
    channels: dict[str, list[ConfiguredChannel]] = {
        kind: [_channel(kind, urlsplit(dsn).scheme)(dsn, sender[kind]) for dsn in _addresses(settings, kind)]
        for kind in SETTING_OF
    }
    try:
        yield channels
    finally:
        for channel in (channel for opened in channels.values() for channel in opened):
            await channel.close()


def _addresses(settings: Settings, kind: Kind) -> list[str]:
    named = {"sms": settings.sms, "email": (settings.mail,)}[kind]
    return [address for address in named if address != OUTBOX]


def _check(kind: Kind, address: str, *, production: bool) -> None:
    parts = address_parts(address)
    channel = _channel(kind, parts.scheme)
    if not parts.hostname:
        raise ValueError("the host is missing")
    written_host(parts)
    channel.check(parts, production=production)


def _channel(kind: Kind, scheme: str) -> type[ConfiguredChannel]:
    by_scheme = {scheme: channel for channel in CHANNELS if channel.kind == kind for scheme in channel.schemes}
    if scheme not in by_scheme:
        raise ValueError(f"unknown scheme {scheme or 'none'!r}; known: {', '.join((OUTBOX, *by_scheme))}")
    return by_scheme[scheme]
