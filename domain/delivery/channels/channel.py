"""What a channel is: it sends a message, or raises `DeliveryFailed`.

A new channel is one file beside this one and one line in `domain/delivery/channels/__init__.py`: a class that is a
`ConfiguredChannel`. Its file alone knows what its address in KABINET_SMS or KABINET_MAIL may say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from urllib.parse import SplitResult

Kind = Literal["sms", "email"]


@dataclass(frozen=True)
class Rendered:
    """The text of a message: an SMS has `text` alone, an e-mail all three. Not in `repr`, so not in logs."""

    text: str = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A message ready to be sent. `reference` and `written_at` are the same at every attempt."""

    reference: str
    written_at: datetime
    to: str = field(repr=False)
    content: Rendered = field(repr=False)
    language: str = "ru"


class Channel(Protocol):
    """`scheme` is what the logs call it; nothing else of its address may be logged."""

    scheme: str

    async def send(self, outgoing: Outgoing) -> None:
        """Hand the message over, or raise `DeliveryFailed`."""

    async def close(self) -> None: ...


class ConfiguredChannel(Channel, Protocol):
    """A channel as the settings name it, by an address with one of its `schemes`.

    `kind` is what it carries. `setup` tells the operator, in a few lines, how to write the address and what the other
    side needs; `litestar delivery channels` prints it.
    """

    kind: ClassVar[Kind]
    schemes: ClassVar[tuple[str, ...]]
    setup: ClassVar[str]

    def __init__(self, dsn: str, sender: str) -> None: ...

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        """Raise ValueError, one line, for an address that names no such channel or that production must not use.

        The caller has checked that it can be parsed and has a host.
        """


class DeliveryFailed(Exception):  # noqa: N818 - an outcome, not an error
    """Why a message was not handed over, in words without personal data, and what follows from it.

    - `refused`: the other side will never take this message.
    - `later`: it was certainly not delivered; another time or another channel may deliver it.
    - `unknown`: it was handed over and the answer never came, or made no sense. It is not tried again:
      it is better to ask for another code than to get one three times.

    `operator` says that it will fail until the operator corrects the settings.
    """

    def __init__(self, follows: Literal["refused", "later", "unknown"], reason: str, *, operator: bool = False) -> None:
        super().__init__(reason)
        self.follows = follows
        self.reason = reason
        self.operator = operator
