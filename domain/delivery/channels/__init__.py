"""All channels, and those named in the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from domain.delivery.channels.channel import Channel, ConfiguredChannel, Kind, ReadReceipt, Receipts, Signs
from domain.delivery.channels.dkim_signature import signer_of
from domain.delivery.channels.kannel import Kannel
from domain.delivery.channels.smpp import Smpp
from domain.delivery.channels.smsc import Smsc
from domain.delivery.channels.smtp import Smtp
from settings import OUTBOX, Settings, SettingsError, address_parts, written_host

# A new channel has its file and its line here.
CHANNELS: tuple[type[ConfiguredChannel], ...] = (
    Kannel,
    Smsc,
    Smpp,
    Smtp,
)
# The setting that names the channels of a kind.
SETTING_OF: Mapping[Kind, str] = {"sms": "KABINET_SMS", "email": "KABINET_MAIL"}
_NAME_LENGTH = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


def check_channels(settings: Settings) -> None:
    """Raise `SettingsError` for an address that no channel can use, and for a key that cannot sign."""
    signer_of(settings)
    for kind in SETTING_OF:
        names: set[str] = set()
        for address in _addresses(settings, kind):
            try:
                name = _checked_name(kind, address, production=settings.production)
                if name in names:
                    raise ValueError(f"two gateways are called {name}: give each a name, such as …#first")
                names.add(name)
            except ValueError as error:
                raise SettingsError(f"{SETTING_OF[kind]}: {error}") from None
    if settings.sms_call == "on" and _addresses(settings, "sms") and not _can_call(settings):
        able = ", ".join(scheme for channel in CHANNELS if can_call(channel) for scheme in channel.schemes)
        raise SettingsError(f"KABINET_SMS_CALL: no gateway of KABINET_SMS can call; those can: {able}")


def configured(
    settings: Settings, receipts: Callable[[str], Receipts | None] = lambda _: None
) -> dict[Kind, dict[str, ConfiguredChannel]]:
    """The channels of each kind by their names, in their order; none for a kind whose setting is `outbox:`.

    `receipts` says where those of a name go.
    """
    sender = {"sms": settings.sms_from, "email": settings.mail_from}
    channels: dict[Kind, dict[str, ConfiguredChannel]] = {
        kind: {
            name: channel(parts._replace(fragment="").geturl(), sender[kind], receipts(name))
            for name, parts, channel in _named(settings, kind)
        }
        for kind in SETTING_OF
    }
    signer = signer_of(settings)
    for channel in channels["email"].values():
        if isinstance(channel, Signs):
            channel.signer = signer
    return channels


def can_call(channel: Channel | type[Channel]) -> bool:
    """Whether its gateway also dictates by telephone."""
    return getattr(channel, "can_call", False)


def _can_call(settings: Settings) -> bool:
    return any(can_call(channel) for _, _, channel in _named(settings, "sms"))


def receipt_readers(settings: Settings) -> dict[str, ReadReceipt]:
    """Of each gateway that calls an address with its receipts, by its name."""
    readers = {
        name: getattr(channel, "read_receipt", None)
        for kind in SETTING_OF
        for name, _, channel in _named(settings, kind)
    }
    return {name: read for name, read in readers.items() if read is not None}


def gateway_names(settings: Settings) -> dict[Kind, list[str]]:
    """What the gateways of each kind are called, in their order."""
    return {kind: [name for name, _, _ in _named(settings, kind)] for kind in SETTING_OF}


def _named(settings: Settings, kind: Kind) -> Iterator[tuple[str, SplitResult, type[ConfiguredChannel]]]:
    for address in _addresses(settings, kind):
        parts = urlsplit(address)
        yield _name(parts), parts, _channel(kind, parts.scheme)


def _addresses(settings: Settings, kind: Kind) -> list[str]:
    named = {"sms": settings.sms, "email": (settings.mail,)}[kind]
    return [address for address in named if address != OUTBOX]


def _name(parts: SplitResult) -> str:
    """What logs and commands call a gateway: what stands behind # in its address, else its host and port."""
    return parts.fragment or parts.netloc.rpartition("@")[2].lower()[:_NAME_LENGTH]


def _checked_name(kind: Kind, address: str, *, production: bool) -> str:
    parts = address_parts(address)
    channel = _channel(kind, parts.scheme)
    if not parts.hostname:
        raise ValueError("the host is missing")
    written_host(parts)
    if parts.fragment and not (_NAME.fullmatch(parts.fragment) and len(parts.fragment) <= _NAME_LENGTH):
        raise ValueError(f"the name behind # is at most {_NAME_LENGTH} Latin letters, digits and signs of ._:-")
    channel.check(parts._replace(fragment=""), production=production)
    return _name(parts)


def _channel(kind: Kind, scheme: str) -> type[ConfiguredChannel]:
    by_scheme = {scheme: channel for channel in CHANNELS if channel.kind == kind for scheme in channel.schemes}
    if scheme not in by_scheme:
        raise ValueError(f"unknown scheme {scheme or 'none'!r}; known: {', '.join((OUTBOX, *by_scheme))}")
    return by_scheme[scheme]
